import { checkSuite, conformanceTests } from 'holdfast/conformance';
import { harness } from './conformance.ts';

conformanceTests(checkSuite, harness);
