import { conformanceTests, targetSuite } from 'holdfast/conformance';
import { harness } from './conformance.ts';

conformanceTests(targetSuite, harness);
