#include "forgelm/data/token_cache.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "data/token_fixture.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/hash.hpp"
#include "forgelm/core/text.hpp"
#include "support/fake_environment.hpp"
#include "support/subprocess.hpp"
#include "support/test.hpp"

using namespace forgelm;
using namespace forgelm::data;
using namespace forgelm::test;
namespace fs = std::filesystem;

namespace {

TokenCacheRecipe recipe_of(const std::string& path, const std::string& content = "content") {
  TokenCacheRecipe recipe;
  recipe.sources = {{path, sha256_hex(content), content.size()}};
  recipe.tokenizer_sha256 = "tokenizer";
  recipe.template_sha256 = "template";
  recipe.rules = Json::object({{"train_on", "assistant"}});
  return recipe;
}

Json build_one(TokenStoreWriter& writer) {
  Example example;
  example.sequences.push_back(make_sequence(1, 100));
  writer.append(example);
  return Json::object({{"rows", 1}});
}

std::vector<std::string> keys_of(const std::vector<TokenCacheEntry>& entries) {
  std::vector<std::string> keys;
  for (const auto& entry : entries) keys.push_back(entry.key);
  return keys;
}

std::string key_of(const TokenCacheRecipe& recipe) { return token_cache_key(describe(recipe)); }

}  // namespace

TEST_CASE("token cache: its place follows XDG_CACHE_HOME, then HOME") {
  FakeEnvironment environment;
  const ScopedEnvironment scope(environment);
  CHECK_THROWS_AS(token_cache_folder(), ConfigError);
  environment.variables["HOME"] = "/home/someone";
  CHECK(token_cache_folder() == "/home/someone/.cache/forgelm/tokens");
  environment.variables["XDG_CACHE_HOME"] = "";
  CHECK(token_cache_folder() == "/home/someone/.cache/forgelm/tokens");
  environment.variables["XDG_CACHE_HOME"] = "relative";
  CHECK(token_cache_folder() == "/home/someone/.cache/forgelm/tokens");
  environment.variables["XDG_CACHE_HOME"] = "/fast";
  CHECK(token_cache_folder() == "/fast/forgelm/tokens");
  environment.variables["FORGELM_HOME"] = "/state";  // is for state, not for caches
  CHECK(token_cache_folder() == "/fast/forgelm/tokens");
}

TEST_CASE("token cache: the key changes with everything that tokens follow from, and with nothing else") {
  const TokenCacheRecipe recipe = recipe_of("/data/rows.jsonl");
  std::vector<TokenCacheRecipe> others(7, recipe);
  others[0].sources[0].path = "/data/other.jsonl";
  others[1].sources[0].sha256 = "x";
  others[2].sources[0].size_bytes = 1;
  others[3].sources.push_back(others[3].sources[0]);
  others[4].tokenizer_sha256 = "x";
  others[5].template_sha256 = "x";
  others[6].rules.set("train_on", "all");
  std::vector<std::string> keys = {key_of(recipe)};
  for (const auto& other : others) keys.push_back(key_of(other));
  std::sort(keys.begin(), keys.end());
  CHECK(std::unique(keys.begin(), keys.end()) == keys.end());
  CHECK(token_cache_key(parse_json(R"({"b": 1, "a": {"d": [1, 2], "c": 0}})").value()) ==
        token_cache_key(parse_json(R"({"a": {"c": 0, "d": [1, 2]}, "b": 1})").value()));
  // The key can be computed by anybody: SHA-256 of the compact JSON with sorted keys.
  CHECK(token_cache_key(parse_json(R"({"b": 1, "a": 2})").value()) == sha256_hex(R"({"a":2,"b":1})"));
  CHECK_THROWS_AS(describe(TokenCacheRecipe{}), ConfigError);
}

TEST_CASE("token cache: tokens are made once, and again when anything differs") {
  const TemporaryDirectory directory;
  const fs::path folder = directory / "deep/down/tokens";
  int num_built = 0;
  const auto build = [&](TokenStoreWriter& writer) {
    ++num_built;
    return build_one(writer);
  };
  CHECK(cached_tokens(folder, recipe_of("/a"), build).num_tokens() == 100);
  CHECK(cached_tokens(folder, recipe_of("/a"), build).num_tokens() == 100);
  CHECK(num_built == 1);
  CHECK(cached_tokens(folder, recipe_of("/a", "changed"), build).num_tokens() == 100);
  CHECK(num_built == 2);
  struct stat info {};
  REQUIRE(::stat(folder.c_str(), &info) == 0);
  CHECK((info.st_mode & 077) == 0);
}

TEST_CASE("token cache: listing shows what there is, also unfinished and unreadable caches") {
  const TemporaryDirectory directory;
  CHECK(list_token_caches(directory / "none").empty());
  FakeEnvironment environment;
  environment.now = *parse_iso_time("2026-11-21T08:00:00+00:00");
  const ScopedEnvironment scope(environment);
  const TokenCacheRecipe whole = recipe_of("/whole");
  const TokenCacheRecipe unfinished = recipe_of("/unfinished");
  const TokenCacheRecipe damaged = recipe_of("/damaged");
  cached_tokens(directory.path(), whole, build_one);
  cached_tokens(directory.path(), damaged, build_one);
  { const TokenStoreWriter writer(directory / key_of(unfinished), describe(unfinished)); }
  write_file_durably(directory / key_of(damaged) / "store.json", "{}");
  write_file_durably(directory / "notes.txt", "not ours");
  const auto entries = list_token_caches(directory.path());
  REQUIRE(entries.size() == 3);
  for (const TokenCacheEntry& entry : entries) {
    CHECK(entry.path == directory / entry.key);
    if (entry.key == key_of(whole)) {
      CHECK(entry.is_whole);
      CHECK(entry.num_examples == 1);
      CHECK(entry.size_bytes > 400);
      REQUIRE(entry.sources.size() == 1);
      CHECK(entry.sources[0].path == "/whole");
      CHECK(entry.sources[0].sha256 == sha256_hex("content"));
      CHECK(entry.sources[0].size_bytes == 7);
      CHECK(iso_format(entry.last_used) == "2026-11-21T08:00:00+00:00");
      CHECK(entry.description == describe(whole));
    } else if (entry.key == key_of(unfinished)) {
      CHECK_FALSE(entry.is_whole);
      CHECK(entry.sources.at(0).path == "/unfinished");
    } else {
      CHECK(entry.key == key_of(damaged));
      CHECK(entry.description.is_null());
      CHECK_FALSE(entry.is_whole);
    }
  }
}

TEST_CASE("token cache: caches of a source are found by path, by folder and by content") {
  const TemporaryDirectory directory;
  const fs::path folder = directory / "cache";
  fs::create_directories(directory / "data/nested");
  write_file_durably(directory / "data/nested/rows.jsonl", "x");
  fs::create_symlink("data", directory / "link");
  const TokenCacheRecipe file = recipe_of(directory / "data/nested/rows.jsonl", "one");
  const TokenCacheRecipe gone = recipe_of(directory / "data2/gone.jsonl", "two");
  const TokenCacheRecipe hub = recipe_of("someone/dataset", "three");
  for (const auto& recipe : {file, gone, hub}) cached_tokens(folder, recipe, build_one);
  const auto found = [&](const std::string& query) { return keys_of(find_caches_of(folder, query)); };
  using Keys = std::vector<std::string>;
  CHECK(found(directory / "data/nested/rows.jsonl") == Keys{key_of(file)});
  CHECK(found(directory / "data/./nested/../nested//rows.jsonl") == Keys{key_of(file)});
  CHECK(found(directory / "link/nested/rows.jsonl") == Keys{key_of(file)});
  CHECK(found(directory / "data") == Keys{key_of(file)});
  CHECK(found(directory / "data/") == Keys{key_of(file)});
  CHECK(found(directory / "data2/gone.jsonl") == Keys{key_of(gone)});
  CHECK(found(directory.path()).size() == 2);
  CHECK(found(sha256_hex("two")) == Keys{key_of(gone)});
  CHECK(found(ascii_upper(sha256_hex("three"))) == Keys{key_of(hub)});
  CHECK(found("someone/dataset") == Keys{key_of(hub)});
  CHECK(found(directory / "other").empty());
  CHECK(found("").empty());
  CHECK(found("/").size() == 2);
  // Nobody can say what an unreadable one holds.
  write_file_durably(folder / key_of(hub) / "store.json", "?");
  CHECK(found(directory / "other") == Keys{key_of(hub)});
}

TEST_CASE("token cache: a removed cache leaves no file of its own, unless it is being built") {
  const TemporaryDirectory directory;
  const TokenCacheRecipe recipe = recipe_of("/a");
  const TokenStore store = cached_tokens(directory.path(), recipe, build_one);
  const auto entries = list_token_caches(directory.path());
  REQUIRE(entries.size() == 1);
  {
    const TokenStoreWriter writer(entries[0].path, describe(recipe));
    CHECK_FALSE(remove_token_cache(entries[0]));
    CHECK(list_token_caches(directory.path()).size() == 1);
  }
  fs::create_directory(directory / "removed-left-by-a-kill");
  CHECK(remove_token_cache(entries[0]));
  CHECK(list_token_caches(directory.path()).empty());
  for (const auto& left : fs::directory_iterator(directory.path())) {
    CHECK(left.path().extension() == ".lock");
    CHECK(left.file_size() == 0);
  }
  CHECK(store.sequence(0).ids.size() == 100);  // who has it open reads on
  CHECK(remove_token_cache(entries[0]));       // nothing there: nothing to do
  CHECK(cached_tokens(directory.path(), recipe, build_one).num_examples() == 1);
}

TEST_CASE("token cache: pruning removes the old first, by age and by size") {
  const TemporaryDirectory directory;
  FakeEnvironment environment;
  environment.now = *parse_iso_time("2026-11-01T00:00:00+00:00");
  const ScopedEnvironment scope(environment);
  constexpr std::int64_t kDayUs = std::int64_t{86400} * 1000000;
  const std::vector<std::string> names = {"/b", "/c", "/a", "/d"};
  for (const std::string& name : names) {
    cached_tokens(directory.path(), recipe_of(name), build_one);
    environment.now.microseconds += kDayUs;
  }
  // Used again on day 4: /b is now the youngest.
  cached_tokens(directory.path(), recipe_of("/b"), build_one);
  CHECK(prune_token_caches(directory.path(), {}).empty());
  const auto size = list_token_caches(directory.path()).at(0).size_bytes;

  // Ages in days: /c 3, /a 2, /d 1, /b 0.
  CHECK(keys_of(prune_token_caches(directory.path(), {.max_age_s = 2 * 86400})) ==
        std::vector<std::string>{key_of(recipe_of("/c"))});
  // Room for two and a half: the oldest of the three goes.
  CHECK(keys_of(prune_token_caches(directory.path(), {.max_size_bytes = size * 5 / 2})) ==
        std::vector<std::string>{key_of(recipe_of("/a"))});
  {
    const TokenStoreWriter writer(directory / key_of(recipe_of("/d")), describe(recipe_of("/d")));
    CHECK(keys_of(prune_token_caches(directory.path(), {.max_size_bytes = 0})) ==
          std::vector<std::string>{key_of(recipe_of("/b"))});
  }
  CHECK(keys_of(list_token_caches(directory.path())) == std::vector<std::string>{key_of(recipe_of("/d"))});
}

TEST_CASE("token cache: a use is noted at most once an hour, and never in the future for long") {
  const TemporaryDirectory directory;
  FakeEnvironment environment;
  environment.now = *parse_iso_time("2026-11-01T00:00:00+00:00");
  const ScopedEnvironment scope(environment);
  const auto last_used_after = [&](const char* now) {
    environment.now = *parse_iso_time(now);
    cached_tokens(directory.path(), recipe_of("/a"), build_one);
    return iso_format(list_token_caches(directory.path()).at(0).last_used);
  };
  CHECK(last_used_after("2026-11-01T00:00:00+00:00") == "2026-11-01T00:00:00+00:00");
  CHECK(last_used_after("2026-11-01T00:59:59+00:00") == "2026-11-01T00:00:00+00:00");
  CHECK(last_used_after("2026-11-01T01:00:00+00:00") == "2026-11-01T01:00:00+00:00");
  CHECK(last_used_after("2026-10-01T00:00:00+00:00") == "2026-10-01T00:00:00+00:00");
}
