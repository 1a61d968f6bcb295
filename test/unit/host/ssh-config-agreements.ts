/** Files, and the hosts to look up in each: ssh itself says what is right. */
export const AGREEMENTS: readonly (readonly [
  what: string,
  text: string,
  hosts: readonly string[],
])[] = [
  [
    'the first value wins, and IdentityFile adds up',
    `IdentityFile ~/.ssh/first
Host web db
  HostName %h.example.net
  Port 2222
  IdentityFile ~/.ssh/%h-%p-%r-%n
Host *
  Port 22
  HostName never.example.net
  IdentityFile /keys/last
`,
    ['web', 'db', 'other'],
  ],
  [
    'patterns, negation and comments',
    `# the fleet
Host node-?? !node-13   # not this one
  Port 1001
Host *.example.net,!bad.example.net
  Port 1002
Host *.example.net !bad.example.net
  Port 1003
`,
    ['node-12', 'node-13', 'node-1', 'a.example.net', 'bad.example.net'],
  ],
  [
    'other ways to write it',
    `HOST=web\n\tport=2022\n\tidentityfile "/keys/with space"\n\tHostKeyAlias  = "alias.of.web"\n`,
    ['web', 'WEB'],
  ],
  [
    'Match',
    `Host web
  HostName 192.0.2.1
Match host 192.0.2.* originalhost web
  Port 1001
Match originalhost other !user nobody
  Port 1002
Match !host 192.0.2.1 user admin,operator
  IdentityFile /keys/admin
Match all
  IdentityFile /keys/all
`,
    ['web', 'other'],
  ],
  [
    'Match final',
    `Match final host *.example.net
  Port 2222
Host web
  HostName web.example.net
Host web.example.net
  IdentityFile /keys/final
`,
    ['web', 'other'],
  ],
  [
    'known hosts',
    `Host web
  UserKnownHostsFile ~/.ssh/%k /etc/known-%h
  HostKeyAlias w
Host none
  UserKnownHostsFile none
`,
    ['web', 'other', 'none'],
  ],
  [
    'jump hosts',
    `Host direct
  ProxyJump none
Host inner
  ProxyJump bastion
Host far
  ProxyJump admin@outer:2222,inner
Host *
  ProxyJump last
`,
    ['direct'],
  ],
];
