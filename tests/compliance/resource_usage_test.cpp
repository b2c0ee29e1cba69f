// Cost and operations: prices against the reference's choices, operations against arithmetic by hand.
#include "forgelm/compliance/resource_usage.hpp"

#include <set>
#include <stdexcept>

#include "forgelm/compliance/law.hpp"
#include "forgelm/core/env.hpp"
#include "forgelm/core/text.hpp"
#include "golden_rows.hpp"
#include "support/test.hpp"

namespace {

using namespace forgelm;

compliance::ComputeFacts on_gpu() {
  compliance::ComputeFacts compute;
  compute.is_gpu = true;
  compute.device_name = "NVIDIA H200";
  compute.seconds = 1800;
  compute.peak_memory_bytes = std::uint64_t{3} << 29;  // 1.5 GiB
  compute.num_tokens = 1'000'000;
  compute.num_weights = 1'001'000'000;
  compute.num_trained = 1'000'000;
  return compute;
}

}  // namespace

TEST_CASE("resource usage: a GPU's rate is found as the reference finds it, and no name has none") {
  for (const Json& row : test::golden_rows("prices.jsonl")) {
    const std::string& name = row.at("gpu").text();
    INFO(name);
    const Json& configured = row.at("configured");
    const auto rate =
        compliance::gpu_rate(name, configured.is_null() ? std::nullopt : std::optional(configured.real()));
    REQUIRE(rate.has_value() == !row.at("rate").is_null());
    if (!rate) continue;
    CHECK(rate->usd_per_hour == row.at("rate").real());
    CHECK(rate->source == row.at("source").text());
  }
  CHECK_FALSE(compliance::gpu_rate("", std::nullopt));
  CHECK_FALSE(compliance::gpu_rate("", 2.0));
}

TEST_CASE("resource usage: a processor is not billed as a GPU, not even at the job's own rate") {
  compliance::ComputeFacts compute = on_gpu();
  compute.is_gpu = false;
  compute.device_name = "A processor";
  const Json usage = compliance::resource_usage(compute, 3.0, std::nullopt);
  for (const char* key :
       {"gpu_model", "gpu_hours", "gpu_count", "cost_source", "gpu_cost_per_hour_usd", "estimated_cost_usd"})
    CHECK(usage.find(key) == nullptr);
  CHECK(usage.at("training_duration_seconds").real() == 1800);
  CHECK(usage.at("device").at("kind").text() == "cpu");
  CHECK_FALSE(usage.at("energy").at("is_known").boolean());
}

TEST_CASE("resource usage: a GPU costs hours times rate, under the reference's keys and in its order") {
  const Json usage = compliance::resource_usage(on_gpu(), std::nullopt, std::nullopt);
  std::vector<std::string> keys;
  for (const auto& [key, value] : usage.members()) keys.push_back(key);
  keys.resize(8);
  CHECK(keys == std::vector<std::string>{"gpu_model", "peak_vram_gb", "gpu_count", "training_duration_seconds",
                                         "gpu_hours", "cost_source", "gpu_cost_per_hour_usd", "estimated_cost_usd"});
  CHECK(usage.at("peak_vram_gb").real() == 1.5);
  CHECK(usage.at("gpu_hours").real() == 0.5);
  CHECK(usage.at("estimated_cost_usd").real() == 2.25);
  CHECK(compliance::resource_usage(on_gpu(), 10.0, std::nullopt).at("cost_source").text() == "user_config");
}

TEST_CASE("resource usage: operations follow from weights, trained weights and tokens") {
  compliance::ComputeFacts compute = on_gpu();
  // 4 * 1.001e9 * 1e6 + 2 * 1e6 * 1e6: the base's 4 N D and the adapter's 6 T D.
  CHECK(compliance::training_flops(compute) == 4.0 * 1e9 * 1e6 + 6.0 * 1e6 * 1e6);
  compute.num_trained = compute.num_weights;
  CHECK(compliance::training_flops(compute) == 6.0 * 1.001e9 * 1e6);
  CHECK(compliance::resource_usage(compute, {}, {}).at("flops").at("formula").text() == "6 N D");
}

TEST_CASE("resource usage: the verdict is about a third of what the base model took") {
  compliance::ComputeFacts compute = on_gpu();
  compute.num_trained = compute.num_weights = 1'000'000'000;
  compute.num_tokens = 1'000'000'000;  // 6e18
  const auto share = [&](std::optional<double> base) {
    return compliance::resource_usage(compute, {}, base).at("flops").at("share_of_base_model");
  };
  CHECK_FALSE(share(18.1e18).at("exceeds_threshold").boolean());
  CHECK(share(17.9e18).at("exceeds_threshold").boolean());
  CHECK(share(12e18).at("ratio").real() == 0.5);
  CHECK(share(12e18).at("verdict").text().find("provider") != std::string::npos);
  // Not declared: a third of 1e23.
  CHECK(share({}).at("ratio").is_null());
  CHECK_FALSE(share({}).at("exceeds_threshold").boolean());
  compute.num_tokens = 6'000'000'000'000;  // 3.6e22
  CHECK(share({}).at("exceeds_threshold").boolean());
}

TEST_CASE("law: every row has its source, and a date or a number") {
  std::set<std::string_view> ids;
  for (const auto& entry : compliance::law_table()) {
    INFO(entry.id);
    CHECK(ids.insert(entry.id).second);
    CHECK_FALSE(entry.provision.empty());
    // Act, guidelines: by what they can be looked up under.
    const bool is_cited = entry.source.find("http://data.europa.eu/eli/") != entry.source.npos ||
                          entry.source.find("C(2025) 5045") != entry.source.npos ||
                          entry.source.find("2025/0359 (COD)") != entry.source.npos;
    CHECK(is_cited);
    if (!entry.date.empty()) CHECK(parse_iso_time(cat(entry.date, "T00:00:00Z")).has_value());
    CHECK(entry.date.empty() == (entry.number != 0));
  }
  CHECK_THROWS_AS(compliance::law("absent"), std::logic_error);
}
