import type { Kind } from '../../fixtures/surface/prototypes.ts';

/** Members of Node's prototypes that no case uses in all classes, and why. Each is a part of docs/differences.md. */
export const LEFT_OUT: readonly {
  readonly of: Kind;
  readonly names: readonly string[];
  readonly why: string;
}[] = [
  {
    of: 'res',
    names: ['assignSocket', 'detachSocket'],
    why: 'Node’s server calls them.',
  },
  {
    of: 'socket',
    names: ['readableDidRead'],
    why: 'Whether something was read of a connection before its handler is a matter of chance.',
  },
  {
    of: 'socket',
    names: ['connect'],
    why: 'The socket of a request is connected.',
  },
  {
    of: 'socket',
    names: [
      ...[
        'read',
        'push',
        'unshift',
        'pipe',
        'unpipe',
        'wrap',
        'iterator',
        'compose',
        'drop',
        'filter',
        'flatMap',
        'map',
      ],
      ...['take', 'every', 'forEach', 'reduce', 'toArray', 'some', 'find'],
    ],
    why: 'They read the connection, which Node’s HTTP parser does. In class `thread` they give nothing.',
  },
];
