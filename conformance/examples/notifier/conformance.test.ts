import { conformanceTests, notifierSuite } from 'holdfast/conformance';
import { harness } from './conformance.ts';

conformanceTests(notifierSuite, harness);
