/** An address as people write it: an IPv4 client of an IPv6 socket (`::ffff:10.0.0.1`) by its IPv4 address. */
export function plainAddress(address: string): string {
  return address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address;
}
