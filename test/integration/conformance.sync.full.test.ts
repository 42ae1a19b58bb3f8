import { conform } from '../support/conformance/index.ts';

conform('sync');
