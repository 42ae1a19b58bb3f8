import { join } from 'node:path';
import { fs } from '../support/builtins.ts';
import type { Facts } from './facts.ts';

/** A unit of systemd for the service; `command` starts tsunicorn where the project has no own. */
export function systemdUnit(facts: Facts, command: readonly string[]): string {
  const { name, directory, settings, stop, words } = facts;
  const own = join(directory, 'node_modules/.bin/tsunicorn');
  const start = [...(fs.existsSync(own) ? [own] : command), ...words];
  const startSeconds = Math.ceil(settings.bootTimeout) + 30;
  const files = Math.max(65_536, settings.workerConnections * 2 + 1024);
  return `# cp ${name}.service /etc/systemd/system/ && systemctl daemon-reload && systemctl enable --now ${name}
[Unit]
Description=${escaped(name)}: tsunicorn in ${escaped(directory)}
After=network-online.target
Wants=network-online.target

[Service]
Type=notify
# systemd-notify, a child process of the arbiter, sends the messages.
NotifyAccess=all
WorkingDirectory=${escaped(directory)}
ExecStart=${start.map(quoted).join(' ')}
ExecReload=/bin/kill -HUP $MAINPID

# Only the arbiter gets the TERM, and it tells the workers. Processes that outlive it are killed.
KillMode=mixed
# ${stop.text}
TimeoutStopSec=${stop.seconds}
# ${settings.bootTimeout} (--boot-timeout) + 30 (reading the configuration, a busy machine) = ${startSeconds}
TimeoutStartSec=${startSeconds}
WatchdogSec=30
Restart=on-failure
RestartSec=1
# A worker that the kernel kills for its memory is replaced; the others keep serving.
OOMPolicy=continue
# Each connection is a file, and may need another one: ${settings.workerConnections} (--worker-connections) × 2 + 1024, at least 65536.
LimitNOFILE=${files}

Environment=NODE_ENV=production
# For the control socket, which tsunicornctl uses.
RuntimeDirectory=${escaped(name)}
${userLines(facts)}
NoNewPrivileges=${settings.user === null ? 'yes' : 'no'}
PrivateTmp=yes
ProtectSystem=full
ProtectControlGroups=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
RestrictSUIDSGID=yes
LockPersonality=yes

[Install]
WantedBy=multi-user.target
`;
}

function userLines({ settings, owner, port, socket }: Facts): string {
  if (settings.user !== null)
    return `# The arbiter starts as root, and its workers run as ${settings.user} (--user).`;
  const user =
    owner === null
      ? '# A user of its own, since root owns the application. For files that it writes, use StateDirectory=.\nDynamicUser=yes'
      : `# The owner of the application.\nUser=${owner.uid}\nGroup=${owner.gid}`;
  const needsRight = socket === null && port < 1024;
  return needsRight ? `${user}\n# For port ${port}.\nAmbientCapabilities=CAP_NET_BIND_SERVICE` : user;
}

/** A word of ExecStart=: systemd expands % and $, and takes quotes off. */
function quoted(word: string): string {
  const text = escaped(word).replaceAll('$', '$$$$');
  return /^[\w@+=:,./%$-]+$/.test(text) ? text : `"${text.replace(/["\\]/g, '\\$&')}"`;
}

function escaped(text: string): string {
  return text.replaceAll('%', '%%');
}
