import type { Facts } from './facts.ts';

/** A server of nginx before the service, to be included in `http { … }`. */
export function nginxServer({ name, port, socket, settings }: Facts): string {
  const upstream = socket === null ? `127.0.0.1:${port}` : `unix:${socket}`;
  const keeps = settings.keepAlive > 5;
  // Shorter than ours by more than a request needs to arrive.
  const idle = Math.min(60, Math.floor(settings.keepAlive - 5));
  const read = Math.max(60, Math.ceil(settings.requestTimeout) + 5);
  const readText =
    settings.requestTimeout > 0
      ? `${settings.requestTimeout} (--request-timeout) + 5, at least 60: tsunicorn answers 504 first.`
      : 'Between two pieces of an answer. --request-timeout limits the whole of it.';
  const kept = keeps
    ? `    keepalive 16;
    # ${settings.keepAlive} (--keep-alive) - 5, at most 60: nginx has to close an idle connection first.
    keepalive_timeout ${idle}s;
`
    : '    # No keepalive: tsunicorn closes idle connections too soon (--keep-alive).\n';
  return `# cp ${name}.nginx.conf /etc/nginx/conf.d/${name}.conf && nginx -t && nginx -s reload
map $http_upgrade $connection_upgrade_${identifier(name)} {
    default upgrade;
    ''      '';
}

upstream ${name} {
    server ${upstream};
${kept}}

server {
    listen 80;
    server_name _;

    location / {
        proxy_pass http://${name};
        proxy_http_version 1.1;
        proxy_set_header Host $host;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_set_header X-Forwarded-Proto $scheme;
        proxy_set_header X-Request-Start "t=\${msec}";
        proxy_set_header X-Request-Id $request_id;
        # What a client might say in its place is not passed on.
        proxy_set_header X-Forwarded-Host "";
        proxy_set_header X-Forwarded-Port "";
        proxy_set_header X-Forwarded-Prefix "";
        proxy_set_header X-Forwarded-Protocol "";
        proxy_set_header X-Forwarded-Ssl "";
        proxy_set_header Forwarded "";
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection $connection_upgrade_${identifier(name)};
        # ${readText}
        proxy_read_timeout ${read}s;
    }
}
`;
}

function identifier(name: string): string {
  return name.replaceAll('-', '_');
}
