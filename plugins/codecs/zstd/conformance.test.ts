import { codecSuite, conformanceTests } from 'holdfast/conformance';
import { plugin } from './index.ts';

for (const level of [1, 3, 19]) conformanceTests(codecSuite, { plugin, options: { level }, detectsDamage: true });
