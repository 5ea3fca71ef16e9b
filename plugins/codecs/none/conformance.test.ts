import { codecSuite, conformanceTests } from 'holdfast/conformance';
import { plugin } from './index.ts';

conformanceTests(codecSuite, { plugin, options: {}, detectsDamage: false });
