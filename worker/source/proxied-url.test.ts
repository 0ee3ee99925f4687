import assert from 'node:assert/strict'
import { test } from 'node:test'
import { originalUrl, proxiedUrl, withProxiedUrls } from './proxied-url.ts'

for (const { name, url, proxied } of [
  { name: 'http stays as it is', url: 'http://a.example/x?y=1', proxied: 'http://a.example/x?y=1' },
  { name: 'https is marked', url: 'https://a.example/x?y=1', proxied: 'http://a.example.https.invalid:443/x?y=1' },
  { name: 'a port stays', url: 'https://a.example:8443/', proxied: 'http://a.example.https.invalid:8443/' },
  { name: 'an IPv4 address is marked', url: 'https://10.0.0.1/', proxied: 'http://10.0.0.1.https.invalid:443/' },
  {
    name: 'an IPv6 address is spelled',
    url: 'https://[fd00::1]:8443/',
    proxied: 'http://fd00--1.v6.https.invalid:8443/',
  },
]) {
  test(`${name}, and is read back`, () => {
    assert.equal(proxiedUrl(new URL(url)), proxied)
    assert.equal(originalUrl(proxied)?.href, url)
  })
}

test('credentials stay in the address, from where FFmpeg answers a challenge', () =>
  assert.equal(proxiedUrl(new URL('https://u:p%40@a.example/')), 'http://u:p%40@a.example.https.invalid:443/'))

test('what is not http stands for nothing', () => assert.equal(originalUrl('ftp://a.example/'), undefined))

test('every https address of a playlist is marked, and nothing else', () =>
  assert.equal(
    withProxiedUrls(
      '#EXT-X-KEY:METHOD=AES-128,URI="https://k.example/key"\nhttps://a.example:444/1.ts?to=x\nhttp://b.example/2.ts\n3.ts\n',
    ),
    '#EXT-X-KEY:METHOD=AES-128,URI="http://k.example.https.invalid:443/key"\n' +
      'http://a.example.https.invalid:444/1.ts?to=x\nhttp://b.example/2.ts\n3.ts\n',
  ))
