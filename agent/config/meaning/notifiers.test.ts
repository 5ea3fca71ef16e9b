import assert from 'node:assert/strict';
import { test } from 'node:test';
import { builtinPlugins } from '../../cli/builtin.ts';
import { policyAround } from '../explanations/examples.fixture.ts';
import { gatherText } from '../gathering.ts';
import { checkEverywhere } from '../load.ts';
import { noVariables } from '../variables.ts';

const plugins = builtinPlugins();

/** Whether a webhook to this address is warned of. */
function isWarnedOf(url: string, token = ', token: { env: HOOK_TOKEN }'): boolean {
  const text = policyAround(`notifiers: { hook: { type: webhook, url: "${url}"${token} } }`);
  const { policy, diagnostics } = checkEverywhere(
    gatherText(text, '/etc/holdfast.yaml', { plugins, variables: noVariables }),
    'h',
  );
  assert.ok(policy, JSON.stringify(diagnostics));
  const found = diagnostics.filter(({ code }) => code === 'HF4023');
  for (const { severity, sourceLine, at } of found) {
    assert.equal(severity, 'warning');
    assert.ok(sourceLine.slice(at.column - 1).startsWith(`"${url}"`), sourceLine);
  }
  return found.length === 1;
}

test('a token that would go over the network unencrypted is warned of, and only that', () => {
  for (const host of [
    'hooks.example.net',
    'hooks.example.net:8080',
    '10.0.0.1',
    'localhost.example.net',
    '128.0.0.1',
    '[::2]',
  ])
    assert.ok(isWarnedOf(`http://${host}/x`), host);
  for (const host of ['localhost', 'localhost:8080', 'hooks.localhost', '127.0.0.1', '127.1', '[::1]:80', 'LOCALHOST'])
    assert.ok(!isWarnedOf(`http://${host}/x`), host);
  assert.ok(!isWarnedOf('https://hooks.example.net/x'));
  assert.ok(!isWarnedOf('http://hooks.example.net/x', ''));
});
