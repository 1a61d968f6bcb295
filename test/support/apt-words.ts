/** apt 3.0.3 of Debian 13, where both solvers fail. */
export const APT_BOTH = `The following packages have unmet dependencies:
 pacemaker-cli-utils : Depends: libcib54 (>= 2.1.8~rc4) but it is not going to be installed
                       Depends: libcrmcommon68 (>= 3.0.0) but it is not going to be installed
                       Depends: libcrmservice53 (>= 2.1.4) but it is not going to be installed
                       Depends: liblrmd52 (>= 2.1.2) but it is not going to be installed
                       Depends: libpacemaker30 (>= 2.1.8~rc1) but it is not going to be installed
                       Depends: libpe-status56 (>= 2.1.7) but it is not going to be installed
                       Depends: libqb100 (>= 2.0.3) but it is not installable
                       Depends: libstonithd56 (>= 2.1.5) but it is not going to be installed
 resource-agents : Depends: libqb100 (>= 2.0.1) but it is not installable
E: Unable to correct problems, you have held broken packages.
E: The following information from --solver 3.0 may provide additional context:
   Unable to satisfy dependencies. Reached two conflicting decisions:
   1. libqb100:amd64=2.0.8-2+b1 is not selected for install
   2. libqb100:amd64=2.0.8-2+b1 is selected for install because:
      1. pacemaker-cli-utils:amd64=3.0.0-2 is selected for install
      2. pacemaker-cli-utils:amd64 Depends libqb100 (>= 2.0.3)
      3. libqb100:amd64 is available in version 2.0.8-2+b1`;
