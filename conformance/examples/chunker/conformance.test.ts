import { chunkerSuite, conformanceTests } from 'holdfast/conformance';
import { harness } from './conformance.ts';

conformanceTests(chunkerSuite, harness);
