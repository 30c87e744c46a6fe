import { family } from '../harness/lab/scenario.ts';
import { floodThenPanic } from './flood.ts';

export default family({
  module: floodThenPanic('module'),
  'irqs-off': floodThenPanic('irqs-off'),
  kmsg: floodThenPanic('kmsg'),
});
