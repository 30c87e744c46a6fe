import { family } from '../harness/lab/scenario.ts';
import { floodThenPanic } from './flood.ts';

export default family({ module: floodThenPanic('module'), kmsg: floodThenPanic('kmsg') });
