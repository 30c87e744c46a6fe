/** Why the guest stands. */
export interface Stop {
  /** Numbered from 1. */
  vcpu: number;
  /** A breakpoint or a step; otherwise somebody else stopped the guest, or it reset or powered off. */
  trapped: boolean;
}

/** What the stub reports when a vCPU came to a breakpoint, or has made its step. */
const SIGTRAP = 5;

/** A stop reply, `T05thread:02;` or `S05`: GDB manual, "Stop Reply Packets". */
export function parseStop(reply: string): Stop {
  const thread = /thread:(?:p[\da-f]+\.)?([\da-f]+);/.exec(reply)?.[1];
  return {
    vcpu: thread ? Number.parseInt(thread, 16) : 1,
    trapped: Number.parseInt(reply.slice(1, 3), 16) === SIGTRAP,
  };
}
