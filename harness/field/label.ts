/** A sender's address and port as people write them: `10.0.0.1:6665`, `[fd00::1]:6665`. */
export function labelOf(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
