"""The archives that Kafka consists of, pinned and fetched; never one whose content is not the pinned one.

The pins are what a resolver answers for `org.apache.kafka:kafka_2.13` and `:kafka-clients`, both 4.3.1, with
`org.apache.logging.log4j:log4j-core` and `:log4j-slf4j-impl`, both 2.25.4. Resolved anew on each machine, a transitive
version could differ from the one tested, and a client older than the server has come out of it.
"""

import hashlib
from pathlib import Path
from typing import Final

from worker.embedded.archives import fetched
from worker.embedded.cache import Cache

_PINS: Final = {
    "at.yawk.lz4": {
        "lz4-java:1.10.2": "252dabd586d22149a31661a8afc1a50747714eb1a298bd4a6e780c8c91a13866",
    },
    "com.dynatrace.hash4j": {
        "hash4j:0.22.0": "23028a3fd006e530bf495f551083208187cafd8f80624d048eba56442f16a50e",
    },
    "com.fasterxml.jackson.core": {
        "jackson-annotations:2.19.1": "5a3cd7211ab26b36213f43a2a94bc052a3385af780c5c135329741b2d79a9730",
        "jackson-core:2.19.1": "c46369e1a21810100adbc92503b62f15a9ef1640427932f4fe1588ef7ce7e480",
        "jackson-databind:2.19.1": "0bc539401d52c6b14e668947c851dcc49f78a4ada3d1fc8e8f71440613fc26ce",
    },
    "com.fasterxml.jackson.dataformat": {
        "jackson-dataformat-csv:2.19.1": "75832b5f0ffb9a60a61e51530f7babcc7629b6a9e97d3cfb42c402fc423714d7",
        "jackson-dataformat-yaml:2.19.1": "d0d538c5ba235ac88c8c3c52e146d3d5e1bbcc8b90e3d757cf0dbe39225e8d00",
    },
    "com.fasterxml.jackson.datatype": {
        "jackson-datatype-jdk8:2.19.1": "5966c02022a0812b8761d999e5510c0a269d87178cb5ef67e138d54ead6966c6",
    },
    "com.github.ben-manes.caffeine": {
        "caffeine:3.2.0": "ec411dfdf0c03f25218648ce89861630b71680e5858a9a7278ebac8e55cab3d7",
    },
    "com.github.luben": {
        "zstd-jni:1.5.7-4": "e7f064bf1eab83fa785cf587f657f09649e3b0af6f27caa5382416953b5a35f8",
    },
    "com.google.re2j": {
        "re2j:1.8": "7b52c72156dd7f98b3237a5b35c1d34fba381b21048c89208913ad80a45dfbd7",
    },
    "com.typesafe.scala-logging": {
        "scala-logging_2.13:3.9.6": "0ad0c3f4d89d538b3b6c300158555e266aa69cf1b5f6522aba8b5bad238eb994",
    },
    "com.yammer.metrics": {
        "metrics-core:2.2.0": "6b7a14a6f34c10f8683f7b5e2f39df0f07b58c7dff0e468ebbc713905c46979c",
    },
    "commons-beanutils": {
        "commons-beanutils:1.11.0": "9e44ba68ec9a3f21286fa2a8bbb003b735c0f69101bb43144b79f4f8aaa74709",
    },
    "commons-collections": {
        "commons-collections:3.2.2": "eeeae917917144a68a741d4c0dff66aa5c5c5fd85593ff217bced3fc8ca783b8",
    },
    "commons-digester": {
        "commons-digester:2.1": "e0b2b980a84fc6533c5ce291f1917b32c507f62bcad64198fff44368c2196a3d",
    },
    "commons-logging": {
        "commons-logging:1.3.5": "6d7a744e4027649fbb50895df9497d109f98c766a637062fe8d2eabbb3140ba4",
    },
    "commons-validator": {
        "commons-validator:1.10.1": "ed74711a78d793ca37f6075e4a1e93d107233dfd20d0bb17e32bad88d38e56aa",
    },
    "net.sf.jopt-simple": {
        "jopt-simple:5.0.4": "df26cc58f235f477db07f753ba5a3ab243ebe5789d9f89ecf68dd62ea9a66c28",
    },
    "net.sourceforge.argparse4j": {
        "argparse4j:0.7.0": "65ceb669d88f63306c680f8088bbf765bbca72d288a61a03703000076c3d3f56",
    },
    "org.apache.kafka": {
        "kafka-clients:4.3.1": "52501b7b47510c66f898871adaf6d2968ab7246561d44ced43643a8a587f0b36",
        "kafka-coordinator-common:4.3.1": "66a86b8c89718216ffa72fe4e44b9d1bdf3472e4cb9200c36a0742a25febbdba",
        "kafka-group-coordinator:4.3.1": "4ab56d002e1624185c874199e9e0ffb243dbeb9f68b4d0cadf48ce2f617a1126",
        "kafka-group-coordinator-api:4.3.1": "d81bc1a3739ff6c9b21815baae00022306342a16d3d94e6a2621201b9980a30d",
        "kafka-metadata:4.3.1": "4d73a96c6474a4ebdd67a1cee14da1a94cfd6bb9e6e252685ba5667d8ab7f898",
        "kafka-raft:4.3.1": "46abbf89806dd22d848e997cdfb1431524cab4ec88e38a7d2806e20b24a70609",
        "kafka-server:4.3.1": "01d736599ec3b0cdbb0480c15219170b28cdae189785e7f0c6f1f26e528eaebc",
        "kafka-server-common:4.3.1": "d7c719f749579a399011f0df7414de8a78f10f074a6122caa550fdb141351575",
        "kafka-share-coordinator:4.3.1": "8ceeed7346127e652ea5c650b217890aaff14919f967d27fadce420745bd3066",
        "kafka-storage:4.3.1": "97e3facddd2914a58f28ec91ef35f8da69963eab3651196e97f487924f6dac98",
        "kafka-storage-api:4.3.1": "bc2b22639fa554494461d101d599e01bae840d97c4f46e18fdf3d2fe41a47098",
        "kafka-tools-api:4.3.1": "dcf6785742e0c8ab11a0fc09c62f1192e11e997dc629669a8db82aa40d933c31",
        "kafka-transaction-coordinator:4.3.1": "c64aaa2a88d8fd382c4800204872917686e542043c7916c9e8797d939d8eb313",
        "kafka_2.13:4.3.1": "b098abef5ff878e76f60cd6c559b9baa5663ccb1b55f2837558b22c329d32423",
    },
    "org.apache.logging.log4j": {
        "log4j-api:2.25.4": "c4b642a7f047275215de117e0e3847eb2c7711d84a0aa7433e7b3c096daf341d",
        "log4j-core:2.25.4": "10fee2c0485d54fa44ee75d314f6295508f7b932281873db61a91b88073200e6",
        "log4j-slf4j-impl:2.25.4": "7ac68a0afcc83d54f48d116d79370a43f0a2a6b71b5c1d6dda943bb6a95ddbaa",
    },
    "org.bitbucket.b_c": {
        "jose4j:0.9.6": "7314af50cde9c99e8eaf43eee617a23edcc6bb43036221064355094999d837ef",
    },
    "org.hdrhistogram": {
        "HdrHistogram:2.2.2": "22d1d4316c4ec13a68b559e98c8256d69071593731da96136640f864fa14fad8",
    },
    "org.jspecify": {
        "jspecify:1.0.0": "1fad6e6be7557781e4d33729d49ae1cdc8fdda6fe477bb0cc68ce351eafdfbab",
    },
    "org.pcollections": {
        "pcollections:4.0.2": "2bbeef5797a241300c4f7513cd546239629ed7deda4fc0c31df90bb95f5f13ef",
    },
    "org.scala-lang": {
        "scala-library:2.13.18": "4e85d96ff7bc7dc627985523c3541b9917aaa08e956391380c42db21a2c4e5a0",
        "scala-reflect:2.13.18": "6935ff1982b2ac93d695f15aa66921be2f602921277afe002f018fd8c7d6e29b",
    },
    "org.slf4j": {
        "slf4j-api:1.7.36": "d3ef575e3e4979678dc01bf1dcce51021493b4d11fb7f1be8ad982877c16a1c0",
    },
    "org.xerial.snappy": {
        "snappy-java:1.1.10.7": "4c766cb3f855415ee734b2392949a0b6f12a60879334a74518deaf6270d32e36",
    },
    "org.yaml": {
        "snakeyaml:2.4": "ef779af5d29a9dde8cc70ce0341f5c6f7735e23edff9685ceaa9d35359b7bb7f",
    },
}
"""Group, then artifact and version, then the SHA-256 of the archive."""

PINNED: Final = {f"{group}:{artifact}": sha256 for group, pins in _PINS.items() for artifact, sha256 in pins.items()}
"""Maven coordinates (group:artifact:version) and the SHA-256 of the archive."""


async def kafka_jars() -> tuple[Path, ...]:
    """All archives for the class path, in a fixed order; fetched by the first run, from the cache ever after."""
    pins = hashlib.sha256(repr(sorted(PINNED.items())).encode()).hexdigest()[:16]
    folder = await Cache.of_user().entry(f"kafka-{pins}", fetched(PINNED))
    return tuple(sorted(folder.glob("*.jar")))
