import { codecSuite, conformanceTests } from 'holdfast/conformance';
import { plugin } from './index.ts';

for (const level of [1, 9]) conformanceTests(codecSuite, { plugin, options: { level }, detectsDamage: true });
