import { testKills } from './kills/half.fixture.ts';

testKills(1);
