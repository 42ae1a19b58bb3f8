import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import {
  afterRequest,
  app as current,
  forward,
  g,
  Local,
  log,
  request,
  teardown,
  withApp,
} from '../../../src/context/context.ts';

const app = async (asked: Request) => new Response(`${asked.method} ${asked.url} ${await asked.text()}`);

describe('outside a context', () => {
  const local = new Local(() => 1);

  it.each<[string, () => unknown]>([
    ['request.id', () => request.id],
    ['app.name', () => current.name],
    ['g', () => g.user],
    ['g', () => Object.keys(g)],
    ['Local', () => local.value],
    ['log', () => log.info('lost')],
    ['afterRequest()', () => afterRequest(() => {})],
    ['teardown()', () => teardown(() => {})],
  ])('%s says what to do', (name, use) => {
    expect(use).toThrow(
      `${name} was used outside a context: import 'tsunicorn/context' in the application's own module, so that its requests have contexts, or use it within withApp(app, () => …)`,
    );
  });

  it('forward() rejects', async () => {
    await expect(forward('/')).rejects.toThrow('forward() was used outside a context');
  });
});

describe('withApp()', () => {
  it('returns what the function returns, with the application at hand', async () => {
    expect(withApp(app, () => [current.value === app, current.path])).toEqual([true, '/']);
    expect(await withApp(app, async () => current.value)).toBe(app);
  });

  it('has no request', () => {
    expect(() => withApp(app, () => request.method)).toThrow(
      'request.method was used outside a request: in withApp() there are only app, g, log and Local; use it while a request is handled',
    );
  });

  it('gives each context values of its own, and the outer one back after an inner one', async () => {
    const local = new Local(() => [] as string[]);
    await withApp(app, async () => {
      g.name = 'outer';
      local.value.push('outer');
      const { promise: bothHaveWritten, resolve: haveWritten } = Promise.withResolvers<void>();
      await Promise.all(
        ['one', 'two'].map((name, index) =>
          withApp(app, async () => {
            expect(g).toEqual({});
            g.name = name;
            local.value.push(name);
            if (index === 1) haveWritten();
            await bothHaveWritten;
            expect([g.name, local.value]).toEqual([name, [name]]);
          }),
        ),
      );
      expect([{ ...g }, local.value]).toEqual([{ name: 'outer' }, ['outer']]);
    });
  });

  it('lets g be used as any object', () => {
    withApp(app, () => {
      g.a = 1;
      Object.assign(g, { b: 2 });
      Object.defineProperty(g, 'c', { value: 3, enumerable: true });
      delete g.a;
      expect([Object.entries(g), 'b' in g, 'toString' in g]).toEqual([
        [
          ['b', 2],
          ['c', 3],
        ],
        true,
        false,
      ]);
    });
  });

  it('makes the value of a Local where it is first read, and takes another', () => {
    let made = 0;
    const local = new Local(() => ++made);
    const bare = new Local<string | undefined>();
    withApp(app, () => {
      expect(bare.value).toBeUndefined();
      bare.value = 'set';
      expect([local.value, local.value, made, bare.value]).toEqual([1, 1, 1, 'set']);
      local.value = 7;
      expect(local.value).toBe(7);
    });
  });

  it('runs teardowns at the end, the latest first, each when the one before is done', async () => {
    const steps: string[] = [];
    const step = (name: string) => async (error: unknown) => {
      steps.push(`${name} begins`);
      await nextTurn();
      steps.push(`${name} ${error}`);
    };
    await withApp(app, async () => {
      teardown(step('first'));
      await nextTurn();
      teardown(step('second'));
      teardown(() => teardown(step('of a teardown')));
      steps.push('end');
    });
    expect(steps).toEqual([
      'end',
      ...['of a teardown begins', 'of a teardown null'],
      ...['second begins', 'second null'],
      ...['first begins', 'first null'],
    ]);
  });

  it('runs teardowns with the error, also of a function that throws at once', async () => {
    const errors: unknown[] = [];
    const boom = new Error('boom');
    expect(() =>
      withApp(app, () => {
        teardown((error) => errors.push(error));
        throw boom;
      }),
    ).toThrow(boom);
    await expect(
      withApp(app, async () => {
        teardown((error) => errors.push(error));
        throw boom;
      }),
    ).rejects.toThrow(boom);
    expect(errors).toEqual([boom, boom]);
  });

  it('runs a teardown at once that comes behind the end', async () => {
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    let ran = false;
    const [left] = withApp(app, () => [
      ended.then(() =>
        teardown(() => {
          ran = true;
        }),
      ),
    ]);
    end();
    await left;
    expect(ran).toBe(true);
  });
});

describe('forward() within withApp()', () => {
  it('asks the application', async () => {
    const answers = await withApp(app, async () => [
      await (await forward('/a?b=c')).text(),
      await (await forward('/a', { method: 'POST', body: 'sent' })).text(),
      await (await forward(new Request('http://other/x', { method: 'PUT', body: 'whole' }))).text(),
    ]);
    expect(answers).toEqual([
      'GET http://localhost/a?b=c ',
      'POST http://localhost/a sent',
      'PUT http://localhost/x whole',
    ]);
  });

  it.each(['a', '//host/a', 'http://host/a', ''])('refuses %j', async (path) => {
    await expect(withApp(app, () => forward(path))).rejects.toThrow(
      'forward() takes a path such as /login, a URL or a Request, not ',
    );
  });

  it('refuses what is no application', async () => {
    await expect(withApp(1, () => forward('/'))).rejects.toThrow(
      'forward() within withApp() needs an application, the first argument of withApp()',
    );
    await expect(withApp({ a: 1 }, () => forward('/'))).rejects.toThrow('withApp(): it is a plain object');
  });
});
