// Token stores: what was appended is what is read, and nothing else ever is: after every failure and every death of a
// writer, and after every changed bit.
#include "forgelm/data/token_store.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <fstream>
#include <set>
#include <thread>

#include "forgelm/core/error.hpp"
#include "forgelm/core/failpoint.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/lock.hpp"
#include "forgelm/core/pcg64.hpp"
#include "support/subprocess.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

using namespace forgelm;
using namespace forgelm::data;
namespace fs = std::filesystem;

namespace {

struct DisarmAtEnd {
  ~DisarmAtEnd() { failpoint::disarm_all(); }
};

const Json kDescription = Json::object({{"sources", Json::array({"rows.jsonl"})}, {"tokenizer", "abc"}});

/// Example `row`, made up from its number: now and then two sequences, empty ones, extra JSON.
Example make_example(std::uint64_t row) {
  Pcg64 random(row);
  Example example;
  example.row = row * 2 + 1;
  const std::uint64_t num_sequences = row % 5 == 3 ? 2 : 1;
  for (std::uint64_t s = 0; s < num_sequences; ++s) {
    Sequence sequence;
    const std::uint64_t length = row % 7 == 6 ? 0 : random.next_up_to(40);
    for (std::uint64_t i = 0; i < length; ++i)
      sequence.ids.push_back(static_cast<std::int32_t>(random.next_up_to(INT32_MAX)));
    for (std::uint32_t at = 0; at + 3 < length; at += 5) sequence.learnt.push_back({at, at + 3});
    sequence.num_characters = static_cast<std::uint32_t>(random.next_up_to(1000));
    example.sequences.push_back(std::move(sequence));
  }
  if (row % 3 == 0) example.extra = "{\"label\": " + std::to_string(row) + "}";
  return example;
}

/// Whether the store holds examples 0 to num - 1 and nothing else.
bool holds(const TokenStore& store, std::uint64_t num) {
  if (store.num_examples() != num) return false;
  std::uint64_t num_tokens = 0;
  std::uint64_t num_learnt = 0;
  for (std::uint64_t i = 0; i < num; ++i) {
    const Example wanted = make_example(i);
    if (store.num_sequences(i) != wanted.sequences.size() || store.row(i) != wanted.row ||
        store.extra(i) != wanted.extra)
      return false;
    std::size_t longest = 0, num_characters = 0;
    const std::uint64_t num_tokens_before = num_tokens;
    for (std::uint32_t s = 0; s < wanted.sequences.size(); ++s) {
      const SequenceView view = store.sequence(i, s);
      if (std::vector<std::int32_t>(view.ids.begin(), view.ids.end()) != wanted.sequences[s].ids) return false;
      if (std::vector<TokenRange>(view.learnt.begin(), view.learnt.end()) != wanted.sequences[s].learnt) return false;
      longest = std::max(longest, view.ids.size());
      num_characters += wanted.sequences[s].num_characters;
      num_tokens += view.ids.size();
      num_learnt += view.num_learnt();
    }
    if (store.num_characters(i) != num_characters) return false;
    if (store.length(i) != longest || store.num_tokens(i) != num_tokens - num_tokens_before) return false;
  }
  return store.num_tokens() == num_tokens && store.num_learnt() == num_learnt;
}

constexpr std::uint64_t kNum = 80;
const Json kReport = Json::object({{"rows", kNum}});
const TokenStoreOptions kSmall = {.segment_bytes = 2048};

/// Appends what is missing up to kNum, with a checkpoint after every fifth example.
Json build(TokenStoreWriter& writer) {
  const Json& state = writer.resume_state();
  auto next = static_cast<std::uint64_t>(state.is_null() ? 0 : state.at("next").integer());
  if (writer.num_examples() != next) throw std::logic_error("the state and the examples differ");
  for (; next < kNum;) {
    writer.append(make_example(next++));
    if (next % 5 == 0) writer.checkpoint(Json::object({{"next", next}}));
  }
  return kReport;
}

void build_at(const fs::path& path) {
  TokenStoreWriter writer(path, kDescription, kSmall);
  writer.commit(build(writer));
}

std::set<std::string> names_in(const fs::path& directory) {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(directory)) names.insert(entry.path().filename().native());
  return names;
}

/// Without syncing, which these tests would do ten thousand times.
void put(const fs::path& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

void flip(const fs::path& path, std::size_t byte, int bit) {
  std::string bytes = read_file(path);
  bytes[byte] = static_cast<char>(bytes[byte] ^ (1 << bit));
  put(path, bytes);
}

}  // namespace

TEST_CASE("token store: what is appended is what is read, over many segments") {
  const test::TemporaryDirectory directory(test::memory_directory());
  build_at(directory / "store");
  CHECK(names_in(directory / "store").size() > 4);
  const auto store = TokenStore::open(directory / "store", kDescription);
  REQUIRE(store);
  CHECK(holds(*store, kNum));
  CHECK(store->report() == kReport);
  CHECK(store->description() == kDescription);
  CHECK(store->verify());
  CHECK(store->verify(3));
  store->release_pages();
  CHECK(holds(*store, kNum));
  CHECK_THROWS_AS(store->row(kNum), RunError);
  CHECK_THROWS_AS(store->sequence(0, 1), RunError);
  std::uint64_t size_bytes = 0;
  for (const auto& file : fs::directory_iterator(directory / "store"))
    if (file.path().filename() != "store.json") size_bytes += file.file_size();
  CHECK(store->size_bytes() == size_bytes);
}

TEST_CASE("token store: a store without examples, and one without checkpoints") {
  const test::TemporaryDirectory directory(test::memory_directory());
  TokenStoreWriter(directory / "empty", kDescription).commit(Json());
  const auto empty = TokenStore::open(directory / "empty", kDescription);
  REQUIRE(empty);
  CHECK(holds(*empty, 0));
  CHECK(empty->verify());

  TokenStoreWriter writer(directory / "plain", kDescription, kSmall);
  for (std::uint64_t i = 0; i < kNum; ++i) writer.append(make_example(i));
  CHECK(names_in(directory / "plain").count("segment-000000") == 1);  // memory is bounded all the same
  writer.commit(kReport);
  CHECK(holds(*TokenStore::open(directory / "plain", kDescription), kNum));
}

TEST_CASE("token store: only its owner may read it") {
  const test::TemporaryDirectory directory(test::memory_directory());
  build_at(directory / "store");
  for (const fs::path& path :
       {directory / "store", directory / "store/store.json", directory / "store/segment-000000"}) {
    struct stat info {};
    REQUIRE(::stat(path.c_str(), &info) == 0);
    CHECK((info.st_mode & 077) == 0);
  }
}

TEST_CASE("token store: only a whole store of the same description is opened") {
  const test::TemporaryDirectory directory(test::memory_directory());
  std::string why_not;
  CHECK_FALSE(TokenStore::open(directory / "none", kDescription, why_not));
  CHECK_THAT(why_not, Catch::Contains("store.json is missing"));
  {
    TokenStoreWriter writer(directory / "store", kDescription, kSmall);
    build(writer);
    CHECK_FALSE(TokenStore::open(directory / "store", kDescription, why_not));
    CHECK_THAT(why_not, Catch::Contains("unfinished"));
    writer.commit(kReport);
  }
  CHECK(TokenStore::open(directory / "store", kDescription));
  CHECK_FALSE(TokenStore::open(directory / "store", Json::object({{"tokenizer", "other"}}), why_not));
  CHECK_THAT(why_not, Catch::Contains("something else"));
}

TEST_CASE("token store: an example that contradicts itself is refused") {
  const test::TemporaryDirectory directory(test::memory_directory());
  TokenStoreWriter writer(directory / "store", kDescription);
  CHECK_THROWS_AS(writer.append(Example{}), RunError);
  for (const std::vector<TokenRange>& bad :
       {std::vector<TokenRange>{{0, 4}}, {{1, 1}}, {{2, 1}}, {{1, 2}, {0, 1}}, {{0, 2}, {1, 3}}}) {
    Example example;
    example.sequences.push_back({{1, 2, 3}, bad});
    CHECK_THROWS_AS(writer.append(example), RunError);
  }
  CHECK(writer.num_examples() == 0);
  CHECK_THROWS_AS(writer.checkpoint(Json()), RunError);
}

TEST_CASE("token store: an interrupted build goes on after its last segment") {
  const test::TemporaryDirectory directory(test::memory_directory());
  std::int64_t resumed_at = 0;
  {
    TokenStoreWriter writer(directory / "store", kDescription, kSmall);
    CHECK(writer.resume_state().is_null());
    for (std::uint64_t i = 0; i < 60; ++i) {
      writer.append(make_example(i));
      if (i % 5 == 4) writer.checkpoint(Json::object({{"next", i + 1}}));
    }
  }
  {
    TokenStoreWriter writer(directory / "store", kDescription, kSmall);
    resumed_at = writer.resume_state().at("next").integer();
    CHECK(resumed_at > 0);
    CHECK(resumed_at % 5 == 0);
    CHECK(writer.num_examples() == static_cast<std::uint64_t>(resumed_at));
    writer.commit(build(writer));
  }
  const auto store = TokenStore::open(directory / "store", kDescription);
  REQUIRE(store);
  CHECK(holds(*store, kNum));
  build_at(directory / "at_once");
  CHECK(store->digest() == TokenStore::open(directory / "at_once", kDescription)->digest());

  // Another description shares nothing with it.
  TokenStoreWriter other(directory / "store", Json::object({{"tokenizer", "other"}}), kSmall);
  CHECK(other.resume_state().is_null());
  CHECK(names_in(directory / "store") == std::set<std::string>{"store.json"});
}

TEST_CASE("token store: a segment that had to end between checkpoints is kept when a checkpoint follows it") {
  const test::TemporaryDirectory directory(test::memory_directory());
  {
    TokenStoreWriter writer(directory / "store", kDescription, {.segment_bytes = 512});
    std::uint64_t next = 0;
    for (; next < 40; ++next) writer.append(make_example(next));
    writer.checkpoint(Json::object({{"next", next}}));
    for (; next < 70; ++next) writer.append(make_example(next));  // no checkpoint stands behind these
  }
  CHECK(names_in(directory / "store").size() > 3);
  TokenStoreWriter writer(directory / "store", kDescription, {.segment_bytes = 512});
  CHECK(writer.num_examples() == 40);
  CHECK(writer.resume_state().at("next").integer() == 40);
  writer.commit(build(writer));
  CHECK(holds(*TokenStore::open(directory / "store", kDescription), kNum));
}

TEST_CASE("token store: a segment of another build of the same description does not pass") {
  const test::TemporaryDirectory directory(test::memory_directory());
  for (const char* name : {"one", "two"}) {
    Example example;
    example.sequences.push_back({std::vector<std::int32_t>(100, name[0]), {{0, 100}}});
    TokenStoreWriter writer(directory / name, kDescription);
    writer.append(example);
    writer.commit(kReport);
  }
  fs::copy_file(directory / "two/segment-000000", directory / "one/segment-000000",
                fs::copy_options::overwrite_existing);
  std::string why_not;
  CHECK_FALSE(TokenStore::open(directory / "one", kDescription, why_not));
  CHECK_THAT(why_not, Catch::Contains("is not the segment that belongs there"));
}

TEST_CASE("token store: two builders of one store do not clash") {
  const test::TemporaryDirectory directory(test::memory_directory());
  {
    const TokenStoreWriter writer(directory / "store", kDescription);
    CHECK_THROWS_WITH(TokenStoreWriter(directory / "store", kDescription), Catch::Contains("is in use by process"));
    CHECK_NOTHROW(TokenStoreWriter(directory / "other", kDescription));
  }
  // Several processes want it at once: one builds, the others open what it made.
  std::vector<pid_t> children;
  for (int i = 0; i < 4; ++i)
    children.push_back(test::start_in_child([&] {
      const TokenStoreOptions options = {.segment_bytes = 2048, .lock_timeout_ms = 60000};
      bool has_built = false;
      const TokenStore store = open_or_build(
          directory / "store", kDescription,
          [&](TokenStoreWriter& writer) {
            has_built = true;
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
            return build(writer);
          },
          options);
      return holds(store, kNum) ? (has_built ? 1 : 0) : 2;
    }));
  int num_built = 0;
  for (const pid_t child : children) {
    const int code = test::wait_for(child).exit_code;
    CHECK(code < 2);
    num_built += code;
  }
  CHECK(num_built == 1);
}

TEST_CASE("token store: a failing disk at any step leaves no store, and a second try completes it") {
  const DisarmAtEnd disarm;
  for (const auto name : failpoint::names("durable.")) {
    for (const int error : {ENOSPC, EIO}) {
      for (int nth = 1;; ++nth) {
        const test::TemporaryDirectory directory(test::memory_directory());
        failpoint::arm(name, failpoint::Action::error, error, nth);
        bool has_failed = false;
        try {
          build_at(directory / "store");
        } catch (const RunError& failure) {
          has_failed = true;
          CHECK(failure.kind() == (error == ENOSPC ? RunErrorKind::out_of_disk : RunErrorKind::io));
        }
        failpoint::disarm_all();
        INFO(name << " " << error << " at " << nth);
        // After the rename only the syncing of the directory can fail; then the file is in place.
        const auto store = TokenStore::open(directory / "store", kDescription);
        if (store) CHECK(holds(*store, kNum));
        if (has_failed && name != "durable.sync_directory") CHECK_FALSE(store);
        CHECK(holds(open_or_build(directory / "store", kDescription, build, kSmall), kNum));
        for (const std::string& left : names_in(directory / "store")) CHECK(left.front() != '.');
        if (!has_failed) break;
        REQUIRE(nth < 1000);
        if (nth > 24) nth += 6;  // the steps repeat from segment to segment
      }
    }
  }
}

TEST_CASE("token store: a kill at any step leaves no half store, and a second try completes it") {
  for (const auto name : failpoint::names("durable.")) {
    for (int nth = 1;; nth += nth > 24 ? 7 : 1) {
      const test::TemporaryDirectory directory(test::memory_directory());
      const auto end = test::run_in_child([&] {
        failpoint::arm(name, failpoint::Action::kill, 0, nth);
        build_at(directory / "store");
        return 0;
      });
      INFO(name << " at " << nth);
      const auto store = TokenStore::open(directory / "store", kDescription);
      if (store) CHECK(holds(*store, kNum));
      CHECK(holds(open_or_build(directory / "store", kDescription, build, kSmall), kNum));
      for (const std::string& left : names_in(directory / "store")) CHECK(left.front() != '.');
      if (!end.was_killed) {
        CHECK(end.exit_code == 0);
        break;
      }
    }
  }
}

TEST_CASE("token store: every changed bit and every lost end is found") {
  const test::TemporaryDirectory directory(test::memory_directory());
  {
    TokenStoreWriter writer(directory / "store", kDescription, {.segment_bytes = 600});
    for (std::uint64_t i = 0; i < 12; ++i) {
      writer.append(make_example(i));
      writer.checkpoint(Json::object({{"next", i + 1}}));
    }
    writer.commit(kReport);
  }
  const fs::path path = directory / "store";
  /// Nothing wrong comes out: there is no store, or it is right, or reading says that it is not.
  const auto is_read_right = [&] {
    const auto store = TokenStore::open(path, kDescription);
    if (!store) return true;
    try {
      return holds(*store, 12);
    } catch (const RunError& error) {
      return error.kind() == RunErrorKind::data;
    }
  };
  std::size_t num_segments = 0;
  for (const std::string& name : names_in(path)) {
    const std::string whole = read_file(path / name);
    num_segments += name != "store.json" ? 1 : 0;
    const std::string manifest = read_file(path / "store.json");
    for (std::size_t byte = 0; byte < whole.size(); ++byte) {
      flip(path / name, byte, static_cast<int>(byte % 8));
      // Everything but tokens and extra JSON is checked by opening; those when they are touched, or by verify().
      const auto store = TokenStore::open(path, kDescription);
      INFO(name << " byte " << byte);
      CHECK((!store || !store->verify()));
      CHECK(is_read_right());
      put(path / name, whole);
      put(path / "store.json", manifest);
    }
    for (const std::size_t kept : {std::size_t{0}, std::size_t{1}, std::size_t{100}, whole.size() - 1}) {
      put(path / name, whole.substr(0, kept));
      CHECK_FALSE(TokenStore::open(path, kDescription));
    }
    put(path / name, whole + "x");
    CHECK_FALSE(TokenStore::open(path, kDescription));
    fs::remove(path / name);
    CHECK_FALSE(TokenStore::open(path, kDescription));
    put(path / name, whole);
    CHECK(holds(*TokenStore::open(path, kDescription), 12));
  }
  CHECK(num_segments > 2);
  // Two segments changed for each other.
  fs::rename(path / "segment-000000", path / "kept");
  fs::rename(path / "segment-000001", path / "segment-000000");
  fs::rename(path / "kept", path / "segment-000001");
  CHECK_FALSE(TokenStore::open(path, kDescription));
}

TEST_CASE("token store: every bit of header, index and list is covered, not one in eight") {
  const test::TemporaryDirectory directory(test::memory_directory());
  const fs::path path = directory / "store";
  {
    TokenStoreWriter writer(path, kDescription);
    for (std::uint64_t i = 0; i < 4; ++i) writer.append(make_example(i));
    writer.commit(kReport);
  }
  std::size_t body_bytes = TokenStore::open(path, kDescription)->num_tokens() * 4;
  for (std::uint64_t i = 0; i < 4; ++i) body_bytes += make_example(i).extra.size();
  for (const std::string& name : names_in(path)) {
    const std::string whole = read_file(path / name);
    for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
      const std::size_t byte = bit / 8;
      if (name != "store.json" && byte >= 192 && byte < 192 + (body_bytes + 7) / 8 * 8) continue;
      std::string changed = whole;
      changed[byte] = static_cast<char>(changed[byte] ^ (1 << (bit % 8)));
      put(path / name, changed);
      if (TokenStore::open(path, kDescription)) FAIL(name << " bit " << bit << " may change unseen");
    }
    put(path / name, whole);
  }
  CHECK(holds(*TokenStore::open(path, kDescription), 4));
}

TEST_CASE("token store: a damaged store is rebuilt from what is whole of it") {
  const test::TemporaryDirectory directory(test::memory_directory());
  const fs::path path = directory / "store";
  build_at(path);
  flip(path / "segment-000002", 300, 4);  // in the tokens
  {
    const auto store = TokenStore::open(path, kDescription);
    REQUIRE(store);
    CHECK_THROWS_WITH(holds(*store, kNum), Catch::Contains("segment-000002 is damaged"));
  }
  CHECK_FALSE(TokenStore::open(path, kDescription));  // once it was seen, nobody opens it again
  std::uint64_t num_kept = 0;
  const auto rebuilt = open_or_build(
      path, kDescription,
      [&](TokenStoreWriter& writer) {
        num_kept = writer.num_examples();
        return build(writer);
      },
      kSmall);
  CHECK(num_kept > 0);
  CHECK(holds(rebuilt, kNum));

  // Without being touched first: verify and open_or_build look at all tokens.
  flip(path / "segment-000000", 200, 0);
  {
    const auto store = TokenStore::open(path, kDescription);
    REQUIRE(store);
    CHECK_FALSE(store->verify());
  }
  CHECK_FALSE(TokenStore::open(path, kDescription));
  CHECK(holds(open_or_build(path, kDescription, build, kSmall), kNum));
  flip(path / "segment-000000", 200, 0);
  CHECK(holds(open_or_build(path, kDescription, build, kSmall), kNum));
  // A store that is whole is opened, not built.
  CHECK(holds(open_or_build(path, kDescription, [](TokenStoreWriter&) -> Json { throw std::logic_error("built"); }),
              kNum));
}

TEST_CASE("token store: views stay valid when the store is removed") {
  const test::TemporaryDirectory directory(test::memory_directory());
  build_at(directory / "store");
  const auto store = TokenStore::open(directory / "store", kDescription);
  fs::remove_all(directory / "store");
  CHECK(holds(*store, kNum));
}
