import { codeOfMessage } from '../../src/explain/code.ts';
import type { BootFailure } from '../../src/process/ipc/loading.ts';
import type { Served } from '../../src/settings/mounts.ts';
import { BootError, codeOf, EXIT, messageOf, UsageError } from '../../src/support/errors.ts';
import type { ListenError } from '../accept/gate.ts';
import type { ModuleGraph } from '../develop/module-graph.ts';

/** What the arbiter is told about an error that kept the worker from getting ready; `whence` says when it came. */
async function bootFailure(error: unknown, whence = 'while it was loading'): Promise<BootFailure> {
  if (error instanceof BootError) {
    const { exitStatus, message, userStack, place } = error;
    return {
      exitStatus,
      message,
      ...(userStack === undefined ? {} : { stack: userStack }),
      ...(place === undefined ? {} : { place }),
    };
  }
  // The arbiter could not find these itself: the workers' user cannot open a log, or hooks do not load in a worker.
  if (error instanceof UsageError) return { exitStatus: EXIT.usage, message: error.message };
  if (isListenError(error)) {
    const { explainBind } = await import('../../src/listeners/bind.ts');
    const message = explainBind(error.listener.source, codeOf(error.cause), error.message);
    return { exitStatus: EXIT.usage, message };
  }
  const cure = cureOf(error);
  // Where a cure is known, the stack says no more: it is Node's own.
  const stack = error instanceof Error && cure === '' ? error.stack : undefined;
  const message = `the application failed ${whence}: ${messageOf(error)}${cure}`;
  return { exitStatus: EXIT.appLoad, message, ...(stack === undefined ? {} : { stack }) };
}

/** With the code of its message. */
async function coded(failure: BootFailure): Promise<BootFailure> {
  const code = await codeOfMessage(failure.message);
  return code === null ? failure : { ...failure, code };
}

/** Node resolves what its options preload as if a module of that name were in the working directory. */
const OF_OPTIONS = /^Cannot find (?:package|module) .* imported from .*\/$/;

/** For errors that are not the application's own code's. */
function cureOf(error: unknown): string {
  if (codeOf(error) === 'ERR_MODULE_NOT_FOUND' && OF_OPTIONS.test(messageOf(error)))
    return "; Node's options name it (--import, in NODE_OPTIONS or the command): install it, or remove it there";
  // A module that calls listen() itself, since more than one process loads it.
  if (codeOf(error) !== 'EADDRINUSE') return '';
  // Of node:dgram; node:net says `listen`.
  if (error instanceof Error && Reflect.get(error, 'syscall') === 'bind')
    return '; each worker binds that port of UDP, and one can have it: use -w 1, port 0, the option reusePort, or a process of its own for it';
  return '; the application calls listen() itself in each worker; export it without that call, and set the address with --bind';
}

// By its name, and not with instanceof: every thread of a pool loads this module, and none needs the gate.
function isListenError(error: unknown): error is ListenError {
  return error instanceof Error && error.name === 'ListenError' && 'listener' in error;
}

/** The same with the place in the code, where `modules` are followed; reports where the missing modules of what is `served` may be put. */
export async function explainFailure(
  error: unknown,
  modules: ModuleGraph | null,
  served: Served,
  whence?: string,
): Promise<BootFailure> {
  const failure = await coded(await bootFailure(error, whence));
  if (modules === null) return failure;
  const { locateFailure, missedApplications } = await import('../develop/boot-failure.ts');
  missedApplications(modules, served);
  modules.flush();
  return locateFailure(failure, error, modules.files);
}
