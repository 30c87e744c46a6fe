import { describeLabModule } from './lab-module.ts';

describeLabModule('debian:6.1', 'bookworm');
