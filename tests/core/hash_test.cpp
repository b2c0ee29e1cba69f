// SHA-256 against FIPS 180-4 examples, HMAC against RFC 4231.
#include "forgelm/core/hash.hpp"

#include "forgelm/core/error.hpp"
#include "forgelm/core/files.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

using namespace forgelm;

namespace {
std::string hmac_hex(const std::string& key, const std::string& message) {
  return hex_encode(bytes_of(hmac_sha256(key, message)));
}
}  // namespace

TEST_CASE("hash: SHA-256 gives the digests of FIPS 180-4") {
  CHECK(sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  Sha256 hash;
  const std::string piece(1000, 'a');
  for (int i = 0; i < 1000; ++i) hash.update(piece);
  CHECK(hash.finish_hex() == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  CHECK(hash.update("abc").finish_hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("hash: a file has the digest of its bytes") {
  const test::TemporaryDirectory directory;
  write_file_durably(directory / "million", std::string(1000000, 'a'));
  CHECK(sha256_file(directory / "million") == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  CHECK_THROWS_WITH(sha256_file(directory / "none"), Catch::Contains("none: No such file or directory (ENOENT)"));
  CHECK_THROWS_AS(sha256_file(directory.path()), RunError);
}

TEST_CASE("hash: HMAC-SHA256 gives the tags of RFC 4231") {
  CHECK(hmac_hex(std::string(20, '\x0b'), "Hi There") ==
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  CHECK(hmac_hex("Jefe", "what do ya want for nothing?") ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK(hmac_hex(std::string(20, '\xaa'), std::string(50, '\xdd')) ==
        "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
  CHECK(hmac_hex(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First") ==
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  CHECK(hmac_hex("", "") == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST_CASE("hash: hex goes both ways and refuses what is not hex") {
  CHECK(hex_encode(std::string("\x00\x7f\xff", 3)) == "007fff");
  CHECK(hex_decode("007FfF") == std::string("\x00\x7f\xff", 3));
  CHECK(hex_decode("") == "");
  CHECK_FALSE(hex_decode("abc"));
  CHECK_FALSE(hex_decode("0g"));
  CHECK_FALSE(hex_decode("+1"));
}

TEST_CASE("hash: constant-time equality is equality") {
  CHECK(equal_in_constant_time("", ""));
  CHECK(equal_in_constant_time("abc", "abc"));
  CHECK_FALSE(equal_in_constant_time("abc", "abd"));
  CHECK_FALSE(equal_in_constant_time("abc", "ab"));
}
