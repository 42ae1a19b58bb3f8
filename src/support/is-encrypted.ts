/** Whether a socket, of Node's or one that stands for it in another thread, ends TLS. */
export function isEncrypted(socket: object): boolean {
  return 'encrypted' in socket && socket.encrypted === true;
}
