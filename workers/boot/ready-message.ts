import type { Settings } from '../../src/settings/catalogue/catalogue.ts';
import type { Clock } from '../../src/support/clock.ts';
import { BootError, EXIT } from '../../src/support/errors.ts';
import { giveUpMs } from './give-up.ts';

/** Notices that the application calls `process.send('ready')`, as programs for PM2's `wait_ready` do. */
export class ReadyMessage {
  readonly #sent: Promise<void>;

  /** To be called before any code of the application's runs. */
  constructor() {
    const { send } = process;
    this.#sent = new Promise((sent) => {
      process.send = (message: unknown, ...others: unknown[]): boolean => {
        if (message === 'ready') sent();
        return send === undefined ? false : Reflect.apply(send, process, [message, ...others]);
      };
    });
  }

  /** Resolves when it has been sent. Rejects with a BootError a little before the boot timeout; `listened` is what else is known. */
  async within(
    { bootTimeout }: Pick<Settings, 'bootTimeout'>,
    clock: Clock,
    listened: string,
  ): Promise<void> {
    const leftMs = giveUpMs(bootTimeout, clock.now());
    let cancel = () => {};
    const late = new Promise<never>((_, reject) => {
      if (leftMs >= 2 ** 31) return;
      const message = `--wait-ready: the application has not called process.send('ready') within ${bootTimeout} s (--boot-timeout)${listened}; let it do that when it is ready, or leave --wait-ready away`;
      cancel = clock.after(leftMs, () => reject(new BootError(message, EXIT.workerBoot)));
    });
    await Promise.race([this.#sent, late]).finally(() => cancel());
  }
}
