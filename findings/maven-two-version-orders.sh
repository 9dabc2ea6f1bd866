#!/usr/bin/env bash
# Maven has two version orders that disagree on everyday versions: one in maven-artifact, and the one that really resolves ranges.
#
# Guess:       there is one order, the documented one of ComparableVersion; the resolver has a copy of it, and other tools have ported it.
# Seen:        maven-artifact (plugins, tools, `sort these versions`) says 1.0-2 < 1.0.1 and 1.0.0-rc.2 > 1.0.0-rc10; maven-resolver, which picks the
#              version for a range, says the opposite of both, and takes 1.2.3-4 and 1.2.3.4 for one version. coursier agrees with the resolver
#              on these, but puts 1.0.RELEASE and 1.0-pre1 before 1.0, where both of Maven's have them equal and after.
# Versions:    maven-artifact 3.9.11, maven-resolver-util 1.9.24 (what Maven 3.9.11 has), coursier versions 0.5.1.
# Consequence: no order makes `latest` and `release` of a maven-metadata.xml agree with what every client then resolves. A server should state which
#              one it uses, must list each version as it was deployed, and must not drop one as equal to another (1.2.3-4 and 1.2.3.4).
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
need_maven org.apache.maven:maven-artifact:3.9.11 org.apache.maven.resolver:maven-resolver-util:1.9.24 io.get-coursier:versions_2.13:0.5.1

cat >"$work/Order.java" <<'JAVA'
import org.apache.maven.artifact.versioning.ComparableVersion;
import org.eclipse.aether.util.version.GenericVersionScheme;
import org.eclipse.aether.version.Version;

public class Order {
    static String sign(int order) {
        return order < 0 ? "<" : order > 0 ? ">" : "=";
    }

    public static void main(String[] pair) throws Exception {
        Version left = new GenericVersionScheme().parseVersion(pair[0]);
        Version right = new GenericVersionScheme().parseVersion(pair[1]);
        System.out.println("artifact " + sign(new ComparableVersion(pair[0]).compareTo(new ComparableVersion(pair[1])))
            + ", resolver " + sign(left.compareTo(right))
            + ", coursier " + sign(new coursier.version.Version(pair[0]).compare(new coursier.version.Version(pair[1]))));
    }
}
JAVA
javac -d "$work" -cp "$classpath" "$work/Order.java" 2>"$work/javac.log" || die "$(cat "$work/javac.log")"

# order LEFT RIGHT SEEN-THEN
order() { check "$1 to $2" "$3" "$(java -cp "$classpath:$work" Order "$1" "$2")"; }
order 1.0.2 1.0.10 'artifact <, resolver <, coursier <'
order 1.0-rc1 1.0 'artifact <, resolver <, coursier <'
order 1.0-2 1.0.1 'artifact <, resolver >, coursier >'
order 1.0.0-rc.2 1.0.0-rc10 'artifact >, resolver <, coursier <'
order 1.2.3-4 1.2.3.4 'artifact <, resolver =, coursier ='
order 1.0.RELEASE 1.0 'artifact =, resolver =, coursier <'
order 1.0-pre1 1.0 'artifact >, resolver >, coursier <'
