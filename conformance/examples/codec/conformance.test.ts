import { codecSuite, conformanceTests } from 'holdfast/conformance';
import { harness } from './conformance.ts';

conformanceTests(codecSuite, harness);
