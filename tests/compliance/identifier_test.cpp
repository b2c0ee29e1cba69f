// Identifiers of people: their hashes, where rows hold them, and how text writes them.
#include <sys/stat.h>

#include "forgelm/compliance/identifier_hash.hpp"
#include "forgelm/compliance/identifier_search.hpp"
#include "forgelm/compliance/row_identity.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/hash.hpp"
#include "forgelm/core/text.hpp"
#include "support/fake_environment.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

namespace {

using namespace forgelm;
using compliance::IdentifierSearch;
using compliance::IdentifierType;

bool finds(IdentifierType type, const std::string& query, const std::string& text) {
  return IdentifierSearch(query, type).find(text).has_value();
}

std::string found_in(IdentifierType type, const std::string& query, const std::string& text) {
  const auto span = IdentifierSearch(query, type).find(text);
  return span ? text.substr(span->begin, span->end - span->begin) : "(nothing)";
}

std::optional<std::string> field_of(const std::string& identifier, const std::string& row) {
  const compliance::RowIdentity identity(identifier);
  const auto field = identity.field_of(parse_json(row).value());
  // What cannot be within the bytes must not be in the row.
  if (!identity.may_be_within(row)) CHECK_FALSE(field.has_value());
  return field;
}

}  // namespace

TEST_CASE("identifier hash: a salt is made once, for its owner alone, and stays") {
  const test::TemporaryDirectory folder;
  test::FakeEnvironment fake;
  const ScopedEnvironment scope(fake);
  const auto path = folder / "out" / compliance::kSaltFile;
  const auto salt = compliance::salt_of(folder / "out");
  CHECK(salt.source == "per_dir");
  CHECK(salt.bytes.size() == 16);
  CHECK(read_file(path) == salt.bytes);
  struct stat info {};
  REQUIRE(::stat(path.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
  CHECK(compliance::salt_of(folder / "out").bytes == salt.bytes);
  CHECK(compliance::identifier_hash(salt, "alice") == sha256_hex(salt.bytes + "alice"));
}

TEST_CASE("identifier hash: the secret is mixed in as the reference does it, unless the folder's salt is wanted") {
  const test::TemporaryDirectory folder;
  test::FakeEnvironment fake;
  const ScopedEnvironment scope(fake);
  const std::string bytes("\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10", 16);
  write_file_durably(folder / compliance::kSaltFile, bytes, 0600);
  CHECK_THROWS_AS(compliance::salt_of(folder.path(), compliance::SaltSource::env_var), ConfigError);
  fake.variables["FORGELM_AUDIT_SECRET"] = "short";
  const auto mixed = compliance::salt_of(folder.path());
  CHECK(mixed.source == "env_var");
  // tests/golden/erasure, made by the reference with this salt and secret.
  CHECK(compliance::identifier_hash(mixed, "a-1") ==
        "8d2facc6b3928e0326e5394bd32db80ade3813d804e98bd6e67c52c3549d71cf");
  const auto plain = compliance::salt_of(folder.path(), compliance::SaltSource::per_dir);
  CHECK(plain.source == "per_dir");
  CHECK(compliance::identifier_hash(plain, "a-1") ==
        "ef4a0a88320f08d47d135ee04bc37584d2f02b67110b4d017096d13a4e4d6b58");
}

TEST_CASE("identifier hash: a damaged salt is refused, and nothing is written where nothing may be") {
  const test::TemporaryDirectory folder;
  const auto forgotten = compliance::salt_without_writing(folder.path());
  CHECK(forgotten.source == "ephemeral");
  CHECK(forgotten.bytes.size() == 16);
  CHECK(compliance::salt_without_writing(folder.path()).bytes != forgotten.bytes);
  CHECK_FALSE(std::filesystem::exists(folder / compliance::kSaltFile));
  write_file_durably(folder / compliance::kSaltFile, "too short");
  CHECK_THROWS_AS(compliance::salt_of(folder.path()), RunError);
}

TEST_CASE("identifier hash: paths and words lose the identifier") {
  const std::string hash(64, 'a');
  const std::string mark = "<id_hash:aaaaaaaaaaaa\xE2\x80\xA6>";
  CHECK(compliance::hash_mark(hash) == mark);
  CHECK(compliance::without_identifier("/data/Alice@Example.com.jsonl", "alice@example.com", hash) ==
        "/data/" + mark + ".jsonl");
  CHECK(compliance::without_identifier("bob asked; bobby did not", "bob", hash) == mark + " asked; bobby did not");
  CHECK(compliance::without_identifier("nothing", "", hash) == "nothing");
}

TEST_CASE("row identity: ids compare as Python's str, at the top, nested, and in the known formats") {
  CHECK(field_of("a-1", R"({"id": "a-1"})") == "id");
  CHECK(field_of("a-1", R"({"row_id": "a-1"})") == "row_id");
  CHECK(field_of("17", R"({"id": 17})") == "id");
  CHECK(field_of("17", R"({"id": 17.0})") == std::nullopt);
  CHECK(field_of("17.0", R"({"id": 17.0})") == "id");
  CHECK(field_of("1e+22", R"({"id": 1e22})") == "id");
  CHECK(field_of("True", R"({"id": true})") == "id");
  CHECK(field_of("None", R"({"id": null})") == "id");
  CHECK(field_of("a\"b/c", R"({"id": "a\"b\/c"})") == "id");
  CHECK(field_of("\xC3\xA9", R"({"id": "\u00e9"})") == "id");
  CHECK(field_of("a-1", R"({"meta": {"source": {"id": "a-1"}}})") == "meta.source.id");
  CHECK(field_of("a-1", R"({"messages": [{"role": "user", "message_id": "a-1"}]})") == "messages[].message_id");
  CHECK(field_of("a-1", R"({"message_id": "a-1", "parent_id": "b"})") == "message_id");
  CHECK(field_of("b", R"({"message_id": "a-1", "parent_id": "b"})") == std::nullopt);
  CHECK(field_of("a-1", R"({"messages": [{"tool_calls": [{"id": "a-1"}]}]})") == std::nullopt);
  CHECK(field_of("a-1", R"({"text": "a-1", "name": "a-1"})") == std::nullopt);
  CHECK(field_of("a-1", R"({"id": ["a-1"]})") == std::nullopt);
  CHECK(field_of("A-1", R"({"id": "a-1"})") == std::nullopt);
}

TEST_CASE("identifier search: an e-mail address is found in either case, literal text only as it is") {
  CHECK(found_in(IdentifierType::email, "Alice@Example.com", "mail ALICE@example.COM now") == "ALICE@example.COM");
  CHECK_FALSE(finds(IdentifierType::email, "alice@example.com", "alice@example.org"));
  CHECK_FALSE(finds(IdentifierType::email, "alice@example.com", "alice@exampleXcom"));
  CHECK(finds(IdentifierType::literal, "a.c", "xa.cx"));
  CHECK_FALSE(finds(IdentifierType::literal, "a.c", "abc"));
  CHECK_FALSE(finds(IdentifierType::literal, "Alice", "alice"));
}

TEST_CASE("identifier search: a telephone number is found however it is written") {
  const char* kQueries[] = {"+49 170 1234567", "0049170 123 45 67", "+49 (0)170/1234567", "0170-1234567"};
  const char* kWritten[] = {"+491701234567",    "0049 170 1234567", "+49 (0) 170 1234567", "0170 1234567",
                            "(0170) 123-45-67", "0170/1234567",     "+49-170-123.45.67",   "tel:+49 170 1234567,"};
  for (const char* query : kQueries)
    for (const char* written : kWritten) {
      INFO(query << " in " << written);
      CHECK(finds(IdentifierType::phone, query, cat("call ", written, " today")));
    }
  for (const char* other : {"0170 1234568", "0171 1234567", "+49170 12345678", "+49-1701-2345678", "1234567"}) {
    INFO(other);
    CHECK_FALSE(finds(IdentifierType::phone, "+49 170 1234567", other));
  }
  CHECK(finds(IdentifierType::phone, "(555) 123-4567", "+1 555 123 4567"));
  CHECK(finds(IdentifierType::phone, "+1 555 123 4567", "555-123-4567"));
  CHECK_FALSE(finds(IdentifierType::phone, "12345", "1 2 3 4 5"));  // too short to be told from anything
}

TEST_CASE("identifier search: numbers are found in any grouping, and not within longer ones") {
  CHECK(found_in(IdentifierType::iban, "DE89 3704 0044 0532 0130 00", "to de89370400440532013000.") ==
        "de89370400440532013000");
  CHECK(finds(IdentifierType::iban, "DE89370400440532013000", "DE89 3704 0044 0532 0130 00"));
  CHECK(finds(IdentifierType::iban, "DE89370400440532013000",
              "DE89\xC2\xA0"
              "3704\xE2\x80\xAF"
              "0044 0532 0130 00"));
  CHECK_FALSE(finds(IdentifierType::iban, "DE89 3704 0044 0532 0130 00", "XDE89370400440532013000"));
  // The text as it was given is always found.
  CHECK(finds(IdentifierType::iban, "DE89370400440532013000", "XDE89370400440532013000"));
  CHECK(finds(IdentifierType::credit_card, "4111111111111111", "4111-1111-1111-1111"));
  CHECK(finds(IdentifierType::credit_card, "4111 1111 1111 1111", "4111111111111111"));
  CHECK_FALSE(finds(IdentifierType::credit_card, "4111 1111 1111 1111", "94111111111111111"));
  CHECK_FALSE(finds(IdentifierType::credit_card, "4111111111111111", "4111x1111x1111x1111"));
  CHECK(finds(IdentifierType::us_ssn, "078-05-1120", "078 05 1120"));
  CHECK(finds(IdentifierType::tr_id, "10000000146", "100 000 001 46"));
}

TEST_CASE("identifier search: a regular expression has limits, and its faults do not repeat it") {
  CHECK(found_in(IdentifierType::custom, "a.ice@[a-z]+", "to alice@example") == "alice@example");
  CHECK(finds(IdentifierType::custom, "(?P<name>b+)", "abbb"));
  const IdentifierSearch slow("(a+)+$", IdentifierType::custom);
  CHECK_THROWS_AS(slow.find(std::string(60, 'a') + "b"), RunError);
  CHECK(finds(IdentifierType::custom, "b", "\xff b"));  // bytes that are no text are passed over
  try {
    const IdentifierSearch bad("(?P<alice@example.com>x)", IdentifierType::custom);
    FAIL("this is no regular expression");
  } catch (const ConfigError& error) {
    CHECK(std::string(error.what()).find("alice") == std::string::npos);
  }
}

TEST_CASE("identifier search: escapes of JSON hide nothing") {
  const IdentifierSearch search("alice@example.com", IdentifierType::literal);
  const auto found = search.find_in_line(R"({"text": "mail \u0061lice\u0040example.com"})");
  REQUIRE(found.has_value());
  CHECK(found->second == "mail alice@example.com");
  CHECK_FALSE(search.find_in_line(R"({"text": "mail \\u0061lice\u0040example.com"})").has_value());
  const IdentifierSearch key("alice@example.com", IdentifierType::literal);
  CHECK(key.find_in_line(R"({"\u0061lice@example.com": 1})").has_value());
}
