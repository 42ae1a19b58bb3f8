/** Matches the names of headers that are about the connection, which is the server's (RFC 9110, 7.6.1). */
export const HOP_BY_HOP =
  /^(?:connection|keep-alive|proxy-authenticate|proxy-authorization|te|trailer|transfer-encoding|upgrade)$/i;
