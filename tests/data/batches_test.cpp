#include "forgelm/data/batches.hpp"

#include <algorithm>
#include <fstream>
#include <numeric>

#include "data/token_fixture.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/data/packing.hpp"
#include "support/test.hpp"

using namespace forgelm;
using namespace forgelm::data;
using namespace forgelm::test;

namespace {

using Indices = std::vector<std::uint64_t>;

std::vector<Batch> all_batches(const std::shared_ptr<const ExampleList>& list, const BatchOptions& options) {
  BatchStream stream(list, options);
  return rest_of(stream);
}

std::vector<Indices> examples_of(const std::vector<Batch>& batches) {
  std::vector<Indices> examples;
  for (const Batch& batch : batches) examples.push_back(batch.examples);
  return examples;
}

/// The obvious form of a batch's part, from the lists of the fixture.
SequenceBatch laid_end_to_end(const std::vector<Sequence>& sequences) {
  SequenceBatch batch;
  for (const Sequence& sequence : sequences) {
    for (std::size_t t = 0; t < sequence.ids.size(); ++t) {
      batch.ids.push_back(sequence.ids[t]);
      batch.positions.push_back(static_cast<std::int32_t>(t));
      bool is_learnt = false;
      for (const TokenRange& range : sequence.learnt) is_learnt = is_learnt || (t >= range.begin && t < range.end);
      batch.is_learnt.push_back(is_learnt && t > 0 ? 1 : 0);
      batch.num_learnt += batch.is_learnt.back();
    }
    batch.starts.push_back(static_cast<std::int32_t>(batch.ids.size()));
    batch.max_length = std::max(batch.max_length, static_cast<std::int32_t>(sequence.ids.size()));
  }
  return batch;
}

}  // namespace

TEST_CASE("batches: sequences lie end to end, positions start again, a first token carries no loss") {
  const TemporaryDirectory directory;
  const std::vector<std::uint32_t> lengths = {3, 1, 8, 5};
  const auto batches = all_batches(make_list(directory, lengths), {.batch_size = 3, .shuffle = false, .num_epochs = 1});
  REQUIRE(batches.size() == 2);
  CHECK(batches[0].examples == Indices{0, 1, 2});
  CHECK(batches[0].parts.size() == 1);
  CHECK(batches[0].parts[0].ids ==
        std::vector<std::int32_t>{0, 1, 2, 1000, 2000, 2001, 2002, 2003, 2004, 2005, 2006, 2007});
  CHECK(batches[0].parts[0].positions == std::vector<std::int32_t>{0, 1, 2, 0, 0, 1, 2, 3, 4, 5, 6, 7});
  CHECK(batches[0].parts[0].is_learnt == std::vector<std::uint8_t>{0, 1, 1, 0, 0, 0, 1, 1, 1, 1, 1, 1});
  CHECK(batches[0].parts[0].starts == std::vector<std::int32_t>{0, 3, 4, 12});
  CHECK(batches[0].parts[0].num_learnt == 8);
  CHECK(batches[0].parts[0].max_length == 8);
  CHECK(batches[0].parts[0].num_sequences() == 3);
  CHECK_FALSE(batches[0].is_last_of_epoch);
  CHECK(batches[1].examples == Indices{3});  // nothing is dropped
  CHECK(batches[1].is_last_of_epoch);
  CHECK(batches[1].extras.empty());
}

TEST_CASE("batches: the padded form holds the same tokens") {
  SequenceBatch batch;
  const std::vector<std::int32_t> ids = {7, 8, 9};
  const std::vector<TokenRange> learnt = {{0, 2}};
  batch.append({ids, learnt});
  batch.append({std::span(ids).first(1), {}});
  const PaddedBatch right = pad(batch, 99);
  CHECK(right.num_rows == 2);
  CHECK(right.width == 3);
  CHECK(right.ids == std::vector<std::int32_t>{7, 8, 9, 7, 99, 99});
  CHECK(right.labels == std::vector<std::int32_t>{-100, 8, -100, -100, -100, -100});
  CHECK(right.mask == std::vector<std::uint8_t>{1, 1, 1, 1, 0, 0});
  const PaddedBatch left = pad(batch, 99, true);
  CHECK(left.ids == std::vector<std::int32_t>{7, 8, 9, 99, 99, 7});
  CHECK(left.mask == std::vector<std::uint8_t>{1, 1, 1, 0, 0, 1});
  CHECK(pad(SequenceBatch{}, 0).ids.empty());
}

TEST_CASE("batches: preferences give a chosen and a rejected part, and extra JSON goes along") {
  const TemporaryDirectory directory;
  const auto list = std::make_shared<const ExampleList>(make_store(directory / "store", {4, 2, 6}, 2, true));
  const auto batches = all_batches(list, {.batch_size = 2, .shuffle = false, .num_epochs = 1});
  REQUIRE(batches.size() == 2);
  REQUIRE(batches[0].parts.size() == 2);
  CHECK(batches[0].parts[0] == laid_end_to_end({make_sequence(0, 4), make_sequence(1, 2)}));
  CHECK(batches[0].parts[1] == laid_end_to_end({make_sequence(0, 5, -1), make_sequence(1, 3, -1)}));
  CHECK(batches[0].extras == std::vector<std::string>{"{\"row\": 0}", "{\"row\": 1}"});
}

TEST_CASE("batches: every epoch has its own order, the one that numpy's generator gives") {
  const TemporaryDirectory directory;
  const auto batches = all_batches(make_list(directory, random_lengths(1, 10, 20)), {.seed = 7, .num_epochs = 3});
  Pcg64 random(7);  // equal to numpy's default_rng(7): tests/core/pcg64_test.cpp
  Indices wanted;
  for (int epoch = 0; epoch < 3; ++epoch)
    for (const std::int64_t index : random.permutation(10)) wanted.push_back(static_cast<std::uint64_t>(index));
  Indices got;
  for (const Batch& batch : batches) got.push_back(batch.examples.at(0));
  CHECK(got == wanted);
  for (std::size_t i = 0; i < batches.size(); ++i) {
    CHECK(batches[i].epoch == i / 10);
    CHECK(batches[i].number == i % 10);
    CHECK(batches[i].is_last_of_epoch == (i % 10 == 9));
  }
}

TEST_CASE("batches: several sources, chosen by index, an example more than once") {
  const TemporaryDirectory directory;
  const auto first = make_store(directory / "first", {2, 3});
  const auto second = make_store(directory / "second", {4, 5, 6});
  const auto list = std::make_shared<const ExampleList>(std::vector{first, second},
                                                        std::vector<ExampleRef>{{1, 2}, {0, 0}, {1, 2}, {1, 0}});
  const auto batches = all_batches(list, {.batch_size = 9, .shuffle = false, .num_epochs = 1});
  REQUIRE(batches.size() == 1);
  CHECK(batches[0].parts[0] ==
        laid_end_to_end({make_sequence(2, 6), make_sequence(0, 2), make_sequence(2, 6), make_sequence(0, 4)}));
  CHECK(list->digest() !=
        ExampleList({first, second}, std::vector<ExampleRef>{{1, 2}, {0, 0}, {1, 2}, {1, 1}}).digest());
  CHECK_THROWS_AS(ExampleList({first}, std::vector<ExampleRef>{{0, 2}}), RunError);
  CHECK_THROWS_AS(ExampleList({first}, std::vector<ExampleRef>{{1, 0}}), RunError);
  CHECK_THROWS_WITH(ExampleList(make_store(directory / "empty", {3, 0})),
                    Catch::Contains("row 1 of source 0 has no tokens"));
  const auto pairs = make_store(directory / "pairs", {4}, 2);
  CHECK_THROWS_WITH(ExampleList({first, pairs}, std::vector<ExampleRef>{{0, 0}, {1, 0}}),
                    Catch::Contains("has 2 sequences where others have 1"));
}

TEST_CASE("batches: a limit of tokens cuts batches in order, and a longer item is alone") {
  const TemporaryDirectory directory;
  const auto list = make_list(directory, {5, 5, 1, 12, 3, 3, 3, 3});
  const BatchOptions options = {.batch_size = 3, .max_tokens = 10, .shuffle = false, .num_epochs = 2};
  const std::vector<Indices> epoch = {{0, 1}, {2}, {3}, {4, 5, 6}, {7}};
  std::vector<Indices> wanted = epoch;
  wanted.insert(wanted.end(), epoch.begin(), epoch.end());
  CHECK(examples_of(all_batches(list, options)) == wanted);
  CHECK(BatchStream(list, options).num_batches(2) == 10);
}

TEST_CASE("batches: ranks share the micro-batches of one process, and take as many steps") {
  const TemporaryDirectory directory;
  const auto list = make_list(directory, random_lengths(2, 23, 30));
  for (const std::uint64_t max_tokens : {0u, 40u}) {
    BatchOptions options = {.batch_size = 3, .max_tokens = max_tokens, .num_epochs = 2};
    const auto alone = all_batches(list, options);
    for (const std::uint32_t world_size : {2u, 3u, 16u}) {
      options.world_size = world_size;
      std::vector<std::vector<Batch>> ranks;
      for (options.rank = 0; options.rank < world_size; ++options.rank) {
        ranks.push_back(all_batches(list, options));
        CHECK(ranks.back().size() == ranks.front().size());
        CHECK(BatchStream(list, options).num_batches(2) == ranks.back().size());
      }
      std::vector<Indices> together;
      for (std::size_t step = 0; step < ranks[0].size(); ++step)
        for (const auto& batches : ranks) {
          CHECK(batches[step].number == ranks[0][step].number);
          CHECK(batches[step].is_last_of_epoch == ranks[0][step].is_last_of_epoch);
          REQUIRE(batches[step].parts.size() == 1);
          if (batches[step].examples.empty()) CHECK(batches[step].parts[0] == SequenceBatch{});
          else together.push_back(batches[step].examples);
        }
      CHECK(together == examples_of(alone));
    }
  }
}

TEST_CASE("batches: packing gives the bins of the packer, each whole and once an epoch") {
  const TemporaryDirectory directory;
  const auto lengths = random_lengths(3, 100, 64);
  const auto list = make_list(directory, lengths);
  const Bins bins = pack_best_fit(lengths, 64);
  const BatchOptions options = {.batch_size = 1, .pack_to = 64, .seed = 5, .num_epochs = 2};
  const auto batches = all_batches(list, options);
  CHECK(BatchStream(list, options).num_items() == bins.size());
  REQUIRE(batches.size() == 2 * bins.size());
  Pcg64 random(5);
  for (std::size_t epoch = 0; epoch < 2; ++epoch) {
    const auto order = random.permutation(bins.size());
    for (std::size_t i = 0; i < bins.size(); ++i) {
      const Batch& batch = batches[epoch * bins.size() + i];
      const auto bin = bins[static_cast<std::size_t>(order[i])];
      CHECK(batch.examples == Indices(bin.begin(), bin.end()));
      std::vector<Sequence> sequences;
      for (const std::uint32_t item : bin) sequences.push_back(make_sequence(item, lengths[item]));
      CHECK(batch.parts[0] == laid_end_to_end(sequences));
      CHECK(batch.parts[0].ids.size() <= 64);
    }
  }
  CHECK_THROWS_WITH(BatchStream(list, {.pack_to = 10}), Catch::Contains("cannot be packed to 10"));
}

TEST_CASE("batches: grouping by length gives the reference's order") {
  std::ifstream in(FORGELM_SOURCE_DIR "/tests/golden/batches/group_by_length.jsonl");
  std::string line;
  int num_rows = 0;
  while (std::getline(in, line)) {
    ++num_rows;
    const Json row = parse_json(line).value();
    std::vector<std::uint32_t> lengths;
    for (const Json& length : row.at("lengths").items())
      lengths.push_back(static_cast<std::uint32_t>(length.integer()));
    Indices wanted;
    for (const Json& epoch : row.at("epochs").items())
      for (const Json& index : epoch.items()) wanted.push_back(static_cast<std::uint64_t>(index.integer()));
    const TemporaryDirectory directory;
    BatchOptions options = {.group_by_length = true, .num_epochs = 2};
    options.group_size = static_cast<std::uint32_t>(row.at("group_size").integer());
    options.seed = static_cast<std::uint64_t>(row.at("seed").integer());
    Indices got;
    for (const Batch& batch : all_batches(make_list(directory, lengths), options)) got.push_back(batch.examples.at(0));
    INFO(line);
    CHECK(got == wanted);
  }
  CHECK(num_rows == 7);
}

TEST_CASE("batches: making ahead changes nothing") {
  const TemporaryDirectory directory;
  const auto list = make_list(directory, random_lengths(4, 57, 30));
  BatchOptions options = {.batch_size = 4, .num_epochs = 3, .num_prefetched = 0};
  const auto wanted = all_batches(list, options);
  for (const std::uint32_t num : {1u, 2u, 7u, 1000u}) {
    options.num_prefetched = num;
    BatchStream stream(list, options);
    CHECK(rest_of(stream) == wanted);
    CHECK_FALSE(stream.next());  // the end stays the end
  }
}

TEST_CASE("batches: a stream stops cleanly wherever it is left, and may be endless") {
  const TemporaryDirectory directory;
  const auto list = make_list(directory, random_lengths(4, 10, 30));
  for (int num_taken = 0; num_taken < 30; ++num_taken) {
    BatchStream stream(list, {.num_prefetched = 3});
    for (int i = 0; i < num_taken; ++i) REQUIRE(stream.next());
    BatchStream moved = std::move(stream);
    CHECK(moved.next());
  }
  CHECK_FALSE(BatchStream(make_list(TemporaryDirectory(), {}), {}).next());
}

TEST_CASE("batches: damage found on the way comes after the batches before it, and stays") {
  const TemporaryDirectory directory;
  // Tokens of more than a MiB, so that the damage lies in another block than the first batches.
  const std::vector<std::uint32_t> lengths(400, 1000);
  const auto whole = make_store(directory / "store", lengths);
  const auto path = directory / "store/segment-000000";
  std::string bytes = read_file(path);
  bytes[192 + 300 * 4000] ^= 1;
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  const auto damaged =
      std::make_shared<const TokenStore>(TokenStore::open(directory / "store", whole->description()).value());
  for (const std::uint32_t num_prefetched : {0u, 2u}) {
    BatchStream stream(std::make_shared<const ExampleList>(damaged),
                       {.shuffle = false, .num_prefetched = num_prefetched});
    for (std::uint64_t i = 0; i < 262; ++i) REQUIRE(stream.next()->examples == Indices{i});  // the first MiB
    CHECK_THROWS_WITH(stream.next(), Catch::Contains("is damaged"));
    CHECK_THROWS_AS(stream.next(), RunError);
    CHECK(stream.cursor().position == 262);
  }
}

TEST_CASE("batches: options that contradict each other are refused") {
  const TemporaryDirectory directory;
  const auto list = make_list(directory, {3});
  for (const BatchOptions& bad :
       {BatchOptions{.batch_size = 0}, BatchOptions{.world_size = 0}, BatchOptions{.rank = 2, .world_size = 2},
        BatchOptions{.pack_to = 5, .group_by_length = true}})
    CHECK_THROWS_AS(BatchStream(list, bad), RunError);
}
