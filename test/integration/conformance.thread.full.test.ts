import { conform } from '../support/conformance/index.ts';

conform('thread');
