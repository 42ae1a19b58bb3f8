/** A rule of the gateway interface that was broken; the message begins with who broke it. */
export class GatewayViolation extends Error {
  override readonly name = 'GatewayViolation';
}

/** Who may break a rule. */
export type Side = 'server' | 'application';

/** Throws a GatewayViolation where the rule is broken; `fault` completes "the server …" or "the application …". */
export function must(side: Side, holds: boolean, fault: string): asserts holds {
  if (!holds) throw new GatewayViolation(`the ${side} ${fault}`);
}
