import { chunkerSuite, conformanceTests } from 'holdfast/conformance';
import { plugin } from './index.ts';

conformanceTests(chunkerSuite, { plugin, options: { min: 4096, avg: 16_384, max: 65_536 }, contentDefined: true });
conformanceTests(chunkerSuite, { plugin, options: { min: 5000, avg: 5000, max: 5001 }, contentDefined: false });
