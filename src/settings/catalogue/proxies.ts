import { table } from '../compound-kinds.ts';
import { headerNames } from '../header-names.ts';
import { choice } from '../kinds.ts';
import { peers } from '../peers.ts';
import { setting } from '../setting.ts';

const trusted = peers();
// Those that are given replace the default.
const { merge: _, ...schemeHeaders } = table();

// Defined here, because inside setting() its words would widen to string.
const proxyProtocol = choice(['off', 'v1', 'v2', 'auto']);
const protocol = choice(['http', 'uwsgi']);

/** Who stands before the service, and what is believed of what that says. */
export const proxies = {
  forwardedAllowIps: setting({
    doc: 'The peers that are believed what they say of where a request came from, as proxies do: the headers of `forwarderHeaders` (see [proxies.md](proxies.md)), `X-Request-Start` and `X-Request-Id`. Addresses, networks such as `10.0.0.0/8`, `private` for the networks of a machine and a site, `*` for everybody, or `unix` for nobody but Unix sockets, which are always believed. Separate several by commas.',
    flags: '--forwarded-allow-ips',
    kind: trusted,
    default: ['127.0.0.1', '::1'],
    variables: [{ name: 'FORWARDED_ALLOW_IPS', read: trusted.fromText }],
  }),
  forwarderHeaders: setting({
    doc: 'The headers of trusted peers (`forwardedAllowIps`) that are believed. Name those that your proxy sets, and none that it passes on from its clients. Those with an underscore, such as `SCRIPT_NAME`, `PATH_INFO` and `REMOTE_USER`, are for gateway applications, in whose environ they stand by these names.',
    flags: '--forwarder-headers',
    kind: headerNames(),
    default: [
      'X-Forwarded-For',
      'X-Forwarded-Proto',
      'X-Forwarded-Host',
      'X-Forwarded-Port',
      'X-Forwarded-Prefix',
      'Forwarded',
    ],
  }),
  secureSchemeHeaders: setting({
    doc: 'The headers of trusted peers that say by which scheme the client came, each with the value that means `https`. Where two of them do not agree the request is answered with 400. `X-Forwarded-Proto` also has to be among `forwarderHeaders`.',
    flags: '--secure-scheme-headers',
    kind: schemeHeaders,
    default: { 'X-Forwarded-Protocol': 'ssl', 'X-Forwarded-Proto': 'https', 'X-Forwarded-Ssl': 'on' },
  }),
  proxyProtocol: setting({
    doc: 'Whether each connection from `proxyAllowFrom` begins with a header of the PROXY protocol, as load balancers send it that pass bytes on: `v1` and `v2` expect it in that version, `auto` takes either, and connections without one. What it says is the client’s address.',
    flags: '--proxy-protocol',
    kind: proxyProtocol,
    default: 'off',
  }),
  proxyAllowFrom: setting({
    doc: 'The peers whose connections begin with a header of the PROXY protocol, as in `forwardedAllowIps`. Others are served without one.',
    flags: '--proxy-allow-from',
    kind: trusted,
    default: ['127.0.0.1', '::1'],
    needs: { anyOf: ['proxyProtocol'] },
  }),
  protocol: setting({
    doc: 'What is spoken on the sockets: `http`, or `uwsgi`, the protocol of nginx’s `uwsgi_pass`, with one request a connection.',
    flags: '--protocol',
    kind: protocol,
    default: 'http',
  }),
  uwsgiAllowFrom: setting({
    doc: 'The peers that may speak `uwsgi`, as in `forwardedAllowIps`: a packet says whatever it likes about its client. Others are refused.',
    flags: '--uwsgi-allow-from',
    kind: trusted,
    default: ['127.0.0.1', '::1'],
  }),
};
