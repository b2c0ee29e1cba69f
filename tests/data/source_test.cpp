// Which files a data set's name stands for. Split words are those of datasets 5.2.0 (SPLIT_KEYWORDS in data_files.py)
// and the ones the header adds.
#include "forgelm/data/source.hpp"

#include <filesystem>
#include <fstream>

#include "forgelm/core/text.hpp"
#include "support/fake_environment.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

namespace {

namespace fs = std::filesystem;
using namespace forgelm;
using data::find_source;
using data::Source;

void touch(const fs::path& path, const std::string& text = "{\"text\": \"a\"}\n") {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

/// "train: a.jsonl b.jsonl; test: c.jsonl"
std::string shown(const Source& source) {
  std::vector<std::string> splits;
  for (const auto& split : source.splits) {
    std::vector<std::string> files;
    for (const auto& file : split.files) files.push_back(file.lexically_relative(source.root).string());
    splits.push_back(cat(split.name, ": ", join(files, " ")));
  }
  return join(splits, "; ");
}

std::string message_of(const std::string& name, std::string_view extra_split = {}) {
  try {
    find_source(name, extra_split);
  } catch (const ConfigError& error) {
    return cat(error.what(), " | ", error.hint());
  }
  return "";
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("source: a file is the training split") {
  const test::TemporaryDirectory folder;
  touch(folder / "test.jsonl");
  const auto source = find_source((folder / "test.jsonl").string());
  CHECK(source.kind == Source::Kind::file);
  REQUIRE(source.splits.size() == 1);
  CHECK(source.train().name == "train");
  CHECK(source.train().files == std::vector<fs::path>{folder / "test.jsonl"});
  touch(folder / "a.xlsx");
  CHECK(has(message_of((folder / "a.xlsx").string()), "\".xlsx\""));
  CHECK(has(message_of((folder / "none.jsonl").string()), "there is no such file or directory"));
}

TEST_CASE("source: files of a directory belong to the split in their name or their folder's") {
  const test::TemporaryDirectory folder;
  for (const auto* name : {"data/train-00001-of-00002.parquet", "data/train-00000-of-00002.parquet",
                           "data/test-00000-of-00001.parquet", "data/validation-00000-of-00001.parquet", "README.md",
                           "dataset_info.json", ".hidden/train.jsonl", "__pycache__/train.jsonl"})
    touch(folder / name);
  CHECK(shown(find_source(folder.path().string())) ==
        "train: data/train-00000-of-00002.parquet data/train-00001-of-00002.parquet; "
        "test: data/test-00000-of-00001.parquet; validation: data/validation-00000-of-00001.parquet");
  const test::TemporaryDirectory folders;
  for (const auto* name : {"Training/part_b.csv", "Training/part_a.csv", "dev/test_notes.jsonl", "notes.txt"})
    touch(folders / name);
  const auto source = find_source(folders.path().string());
  CHECK(shown(source) == "train: Training/part_a.csv Training/part_b.csv; validation: dev/test_notes.jsonl");
  CHECK(source.unused == std::vector<std::string>{"notes.txt"});
  REQUIRE(source.find_split("val") != nullptr);
  CHECK(source.find_split("val")->name == "validation");
  CHECK(source.find_split("test") == nullptr);
}

TEST_CASE("source: every word for a split is known, and only as a word of its own") {
  const test::TemporaryDirectory folder;
  const auto split_of = [&](const std::string& name) {
    const test::TemporaryDirectory one;
    touch(one / "train.jsonl");
    touch(one / name);
    const auto source = find_source(one.path().string());
    for (const auto& split : source.splits)
      for (const auto& file : split.files)
        if (file.filename() == name) return split.name;
    return std::string();
  };
  for (const auto* name : {"validation.jsonl", "valid.jsonl", "val_2.jsonl", "my-dev.jsonl", "VAL.jsonl"})
    CHECK(split_of(name) == "validation");
  for (const auto* name : {"test.jsonl", "testing.jsonl", "x eval.jsonl", "evaluation3.jsonl", "holdout.jsonl"})
    CHECK(split_of(name) == "test");
  for (const auto* name : {"training.jsonl", "train_02.jsonl", "a.train.jsonl"}) CHECK(split_of(name) == "train");
  for (const auto* name : {"trainer.jsonl", "contest.jsonl", "develop.jsonl", "values.jsonl"})
    CHECK(split_of(name).empty());
}

TEST_CASE("source: where nothing is named train, files without a split train") {
  const test::TemporaryDirectory folder;
  for (const auto* name : {"b.jsonl", "a.json", "test.jsonl", "golden.jsonl"}) touch(folder / name);
  CHECK(shown(find_source(folder.path().string())) == "train: a.json b.jsonl golden.jsonl; test: test.jsonl");
  const auto named = find_source(folder.path().string(), "golden");
  CHECK(shown(named) == "train: a.json b.jsonl; golden: golden.jsonl; test: test.jsonl");
  CHECK(data::choose_eval_split(named, "golden").split == named.find_split("golden"));
}

TEST_CASE("source: what cannot be trained on is refused with the files seen") {
  const test::TemporaryDirectory folder;
  fs::create_directory(folder / "empty");
  CHECK(has(message_of((folder / "empty").string()), "no files of rows in this directory"));
  touch(folder / "mixed/a.jsonl");
  touch(folder / "mixed/b.csv");
  CHECK(has(message_of((folder / "mixed").string()),
            "the split \"train\" has files of several kinds: \"a.jsonl\", \"b.csv\""));
  touch(folder / "only/test.jsonl");
  CHECK(has(message_of((folder / "only").string()), "has no rows to train on, only \"test\" (\"test.jsonl\")"));
  // Different kinds in different splits are fine.
  touch(folder / "fine/train.jsonl");
  touch(folder / "fine/test.csv");
  CHECK(shown(find_source((folder / "fine").string())) == "train: train.jsonl; test: test.csv");
}

TEST_CASE("source: auto evaluates on validation, then test, then a part of the rows; a name must exist") {
  const test::TemporaryDirectory folder;
  const auto source_of = [&](const std::string& name, const std::vector<std::string>& files) {
    for (const auto& file : files) touch(folder / (name + "/" + file));
    return find_source((folder / name).string());
  };
  const auto all = source_of("all", {"train.jsonl", "test.jsonl", "dev.jsonl"});
  CHECK(data::choose_eval_split(all, "auto").split->name == "validation");
  CHECK(data::choose_eval_split(all, "holdout").split->name == "test");
  CHECK(data::choose_eval_split(all, "none").split == nullptr);
  CHECK_FALSE(data::choose_eval_split(all, "none").is_held_out);
  CHECK(data::choose_eval_split(source_of("tests", {"train.jsonl", "test.jsonl"}), "auto").split->name == "test");
  const auto alone = source_of("alone", {"train.jsonl"});
  CHECK(data::choose_eval_split(alone, "auto").split == nullptr);
  CHECK(data::choose_eval_split(alone, "auto").is_held_out);
  CHECK_THROWS_AS(data::choose_eval_split(alone, "validation"), ConfigError);
  CHECK_THROWS_AS(data::choose_eval_split(alone, "train"), ConfigError);
}

TEST_CASE("source: a Hub name is found in the local cache, at the commit of main") {
  const test::TemporaryDirectory folder;
  test::FakeEnvironment machine;
  const ScopedEnvironment scope(machine);
  machine.variables["HF_HOME"] = folder.path().string();
  const fs::path cached = folder / "hub/datasets--owner--name";
  const auto missing = message_of("owner/name");
  CHECK(has(missing, "\"owner/name\": there is no such file or directory, and no copy of a Hub data set"));
  CHECK(has(missing, "data sets are not downloaded"));
  touch(cached / "snapshots/abc/data/train-00000-of-00001.jsonl");
  CHECK(find_source("owner/name").revision == "abc");
  touch(cached / "snapshots/def/train.jsonl");
  CHECK(has(message_of("owner/name"), "2 snapshots"));
  touch(cached / "refs/main", "def\n");
  const auto source = find_source("owner/name");
  CHECK(source.kind == Source::Kind::hub);
  CHECK(source.revision == "def");
  CHECK(shown(source) == "train: train.jsonl");
  touch(cached / "refs/main", "../../elsewhere");
  CHECK(has(message_of("owner/name"), "2 snapshots"));
  machine.variables["HF_HUB_CACHE"] = (folder / "other").string();
  CHECK(has(message_of("owner/name"), "other"));
}

TEST_CASE("source: the files of a split are one stream of rows, numbered through") {
  const test::TemporaryDirectory folder;
  touch(folder / "d/train_b.jsonl", "{\"i\": 2}\n{bad\n{\"i\": 3}\n");
  touch(folder / "d/train_a.jsonl", "{\"i\": 0}\n{\"i\": 1}");
  const auto source = find_source((folder / "d").string());
  const auto reader = data::open_split(source.train());
  std::vector<std::string> seen;
  for (formats::Row row;;) {
    try {
      if (!reader->next(row)) break;
      seen.push_back(cat(row.number, ":", dump(row.value)));
    } catch (const ConfigError& error) {
      seen.push_back(has(error.what(), "train_b.jsonl:2:2: ") ? "bad" : error.what());
    }
  }
  CHECK(seen == std::vector<std::string>{"0:{\"i\": 0}", "1:{\"i\": 1}", "2:{\"i\": 2}", "bad", "4:{\"i\": 3}"});
  CHECK(reader->bytes_read() == reader->size_bytes());
}
