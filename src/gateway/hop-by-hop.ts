/** Matches the names of headers about the connection (RFC 9110, 7.6.1), which only the server may set. */
export const HOP_BY_HOP =
  /^(?:connection|keep-alive|proxy-authenticate|proxy-authorization|te|trailer|transfer-encoding|upgrade)$/i;
