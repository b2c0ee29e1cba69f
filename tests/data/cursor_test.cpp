// The place in the data: whoever goes on from it gets exactly what would have come.
#include "data/token_fixture.hpp"
#include "forgelm/core/error.hpp"
#include "support/test.hpp"

using namespace forgelm;
using namespace forgelm::data;
using namespace forgelm::test;

namespace {

DataCursor through_json(const DataCursor& cursor) {
  return data_cursor_from_json(parse_json(dump(to_json(cursor))).value()).value();
}

/// Goes on after every number of batches, by turns with and without making ahead.
void check_every_place(const std::shared_ptr<const ExampleList>& list, BatchOptions options) {
  BatchStream whole(list, options);
  const std::vector<Batch> wanted = rest_of(whole);
  REQUIRE(wanted.size() > 6);
  for (std::uint32_t num_taken = 0; num_taken <= wanted.size(); ++num_taken) {
    options.num_prefetched = num_taken % 3;
    BatchStream first(list, options);
    for (std::size_t i = 0; i < num_taken; ++i) REQUIRE(first.next() == wanted[i]);
    const DataCursor cursor = through_json(first.cursor());
    options.num_prefetched = (num_taken + 1) % 3;
    BatchStream second(list, options, cursor);
    CHECK(through_json(second.cursor()).position == cursor.position);
    const std::vector<Batch> rest = rest_of(second);
    INFO("after " << num_taken);
    CHECK(rest == std::vector<Batch>(wanted.begin() + static_cast<std::ptrdiff_t>(num_taken), wanted.end()));
  }
}

}  // namespace

TEST_CASE("cursor: going on gives what would have come, after every batch, for every way of making batches") {
  const TemporaryDirectory directory;
  const auto list = make_list(directory, random_lengths(1, 37, 30));
  const BatchOptions cases[] = {
      {.batch_size = 4, .num_epochs = 3},
      {.batch_size = 4, .shuffle = false, .num_epochs = 3},
      {.batch_size = 3, .max_tokens = 50, .num_epochs = 3},
      {.batch_size = 2, .pack_to = 40, .num_epochs = 3},
      {.batch_size = 3, .max_tokens = 60, .pack_to = 32, .num_epochs = 2, .rank = 1, .world_size = 2},
      {.batch_size = 2, .group_by_length = true, .group_size = 4, .num_epochs = 3},
      {.batch_size = 2, .seed = UINT64_MAX, .num_epochs = 4, .rank = 2, .world_size = 3},
  };
  for (const BatchOptions& options : cases) check_every_place(list, options);
}

TEST_CASE("cursor: the same place holds for every rank") {
  const TemporaryDirectory directory;
  const auto list = make_list(directory, random_lengths(2, 20, 30));
  BatchOptions options = {.batch_size = 2, .num_epochs = 2, .world_size = 2};
  BatchStream first(list, options);
  for (int i = 0; i < 7; ++i) first.next();
  options.rank = 1;
  BatchStream other(list, options);
  for (int i = 0; i < 7; ++i) other.next();
  CHECK(to_json(first.cursor()) == to_json(other.cursor()));
  BatchStream resumed(list, options, first.cursor());
  CHECK(rest_of(resumed) == rest_of(other));
}

TEST_CASE("cursor: a finished run goes on when it is given more epochs") {
  const TemporaryDirectory directory;
  const auto list = make_list(directory, random_lengths(3, 9, 30));
  BatchStream two(list, {.num_epochs = 2});
  BatchStream three(list, {.num_epochs = 3});
  rest_of(two);
  for (int i = 0; i < 18; ++i) three.next();
  BatchStream more(list, {.num_epochs = 3}, two.cursor());
  CHECK(rest_of(more) == rest_of(three));
}

TEST_CASE("cursor: what would give other batches is refused, and named") {
  const TemporaryDirectory directory;
  const auto list = make_list(directory, random_lengths(4, 20, 30));
  const BatchOptions options = {.batch_size = 2, .num_epochs = 2, .world_size = 2};
  BatchStream stream(list, options);
  for (int i = 0; i < 3; ++i) stream.next();
  const DataCursor cursor = stream.cursor();
  const auto changed = [&](auto change) {
    BatchOptions other = options;
    change(other);
    return other;
  };
  const std::pair<BatchOptions, const char*> cases[] = {
      {changed([](BatchOptions& o) { o.world_size = 1; }), "world_size was 2 and is 1"},
      {changed([](BatchOptions& o) { o.batch_size = 3; }), "batch_size was 2 and is 3"},
      {changed([](BatchOptions& o) { o.seed = 1; }), "seed was \"42\" and is \"1\""},
      {changed([](BatchOptions& o) { o.shuffle = false; }), "shuffle was true and is false"},
      {changed([](BatchOptions& o) { o.max_tokens = 9; }), "max_tokens was 0 and is 9"},
      {changed([](BatchOptions& o) { o.pack_to = 64; }), "pack_to was 0 and is 64"},
      {changed([](BatchOptions& o) { o.group_by_length = true; }), "group_by_length was false and is true"},
  };
  for (const auto& [other, message] : cases) {
    CHECK_THROWS_AS(BatchStream(list, other, cursor), ConfigError);
    CHECK_THROWS_WITH(BatchStream(list, other, cursor), Catch::Contains(message));
  }
  const TemporaryDirectory elsewhere;
  CHECK_THROWS_WITH(BatchStream(make_list(elsewhere, random_lengths(5, 20, 30)), options, cursor),
                    Catch::Contains("examples_sha256 was"));
  // How many epochs, the rank and making ahead may change.
  CHECK_NOTHROW(
      BatchStream(list, changed([](BatchOptions& o) { o.num_epochs = 9, o.rank = 1, o.num_prefetched = 5; }), cursor));

  DataCursor wrong = cursor;
  wrong.position = 6;
  CHECK_THROWS_WITH(BatchStream(list, options, wrong),
                    Catch::Contains("6 batches of epoch 0 came before, and there are 5"));
  wrong = cursor;
  wrong.generator.state_low ^= 1;
  CHECK_THROWS_WITH(BatchStream(list, options, wrong),
                    Catch::Contains("not the one that the checkpoint was made with"));
}

TEST_CASE("cursor: JSON that is not a cursor is a failure that says why") {
  const TemporaryDirectory directory;
  const auto list = make_list(directory, {3, 4});
  BatchStream stream(list, {});
  stream.next();
  const Json good = to_json(stream.cursor());
  REQUIRE(data_cursor_from_json(good));
  for (const auto& [name, value] : good.members()) {
    for (const Json& bad : {Json(), Json("x"), Json(-1), Json(1.5)}) {
      Json json = good;
      json.set(name, bad);
      INFO(dump(json));
      if (name != "order_sha256" || !(bad == Json("x"))) CHECK_FALSE(data_cursor_from_json(json));
    }
  }
  for (const auto& [name, value] : good.at("generator").members()) {
    for (const Json& bad : {Json(), Json("xyz"), Json(""), Json("11112222333344445"), Json(-1), Json(1LL << 32)}) {
      Json json = good;
      json.find("generator")->set(name, bad);
      CHECK_FALSE(data_cursor_from_json(json));
    }
  }
  CHECK_FALSE(data_cursor_from_json(Json()));
  CHECK_FALSE(data_cursor_from_json(Json::array()));
}
