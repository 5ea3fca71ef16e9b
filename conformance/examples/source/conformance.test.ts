import { conformanceTests, sourceSuite } from 'holdfast/conformance';
import { harness } from './conformance.ts';

conformanceTests(sourceSuite, harness);
