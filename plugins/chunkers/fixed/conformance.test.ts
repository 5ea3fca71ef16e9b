import { chunkerSuite, conformanceTests } from 'holdfast/conformance';
import { plugin } from './index.ts';

conformanceTests(chunkerSuite, { plugin, options: { size: 8192 }, contentDefined: false });
