import { LanguageServer } from '../services/language-server.ts';
const root='/tmp/wt/editors/';
const head='# yaml-language-server: $schema=../schemas/policy.schema.json\n';
await using server = await LanguageServer.open();
for (let i=0;i<8;i++) { const t=performance.now(); const o=await server.show(`${root}policies/t-${i}.yaml`, head+'version: 1\nrecipients: { a: { publicKey: b } }\n'); const t1=performance.now(); await server.complete(o,{line:3,character:0}); const t2=performance.now(); await server.hover(o,{line:1,character:2}); const t3=performance.now();  await server.hover(o,{line:1,character:2}); const t4=performance.now(); console.log(i,(t1-t).toFixed(),(t2-t1).toFixed(),(t3-t2).toFixed(),(t4-t3).toFixed()); }
