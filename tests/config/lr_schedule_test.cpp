// The learning rate at a step, by the formulas of transformers' get_*_schedule_with_warmup written out as numbers.
#include "forgelm/config/lr_schedule.hpp"

#include <cmath>

#include "support/test.hpp"

namespace {

using namespace forgelm::config;

TrainingSection training(LrScheduler scheduler, std::int64_t warmup) {
  TrainingSection out;
  out.learning_rate = 1.0;
  out.lr_scheduler = scheduler;
  out.warmup_steps = warmup;
  return out;
}

double rate(LrScheduler scheduler, std::int64_t warmup, std::int64_t step, std::int64_t total) {
  return learning_rate_at(training(scheduler, warmup), step, total);
}

bool near(double a, double b) { return std::abs(a - b) <= 1e-15 * std::max(1.0, std::abs(b)); }

}  // namespace

TEST_CASE("lr schedule: every schedule but constant climbs linearly from 0") {
  for (const auto scheduler :
       {LrScheduler::linear, LrScheduler::cosine, LrScheduler::inverse_sqrt, LrScheduler::constant_with_warmup}) {
    CHECK(rate(scheduler, 4, 0, 12) == 0.0);
    CHECK(rate(scheduler, 4, 1, 12) == 0.25);
    CHECK(rate(scheduler, 4, 3, 12) == 0.75);
    CHECK(rate(scheduler, 4, 4, 12) == 1.0);
    CHECK(rate(scheduler, 0, 0, 12) == 1.0);
  }
  for (const std::int64_t step : {0, 1, 4, 11, 12}) CHECK(rate(LrScheduler::constant, 4, step, 12) == 1.0);
}

TEST_CASE("lr schedule: linear falls to 0 at the last step") {
  // (total - step) / (total - warmup)
  CHECK(rate(LrScheduler::linear, 4, 6, 12) == 0.75);
  CHECK(rate(LrScheduler::linear, 4, 8, 12) == 0.5);
  CHECK(rate(LrScheduler::linear, 4, 11, 12) == 0.125);
  CHECK(rate(LrScheduler::linear, 4, 12, 12) == 0.0);
  CHECK(rate(LrScheduler::linear, 4, 15, 12) == 0.0);
  CHECK(rate(LrScheduler::linear, 0, 3, 12) == 0.75);
}

TEST_CASE("lr schedule: cosine falls along half a wave") {
  // (1 + cos(pi * share)) / 2: cos(60 degrees) is 1/2, cos(45 degrees) is sqrt(2) / 2.
  CHECK(near(rate(LrScheduler::cosine, 0, 4, 12), 0.75));
  CHECK(near(rate(LrScheduler::cosine, 0, 6, 12), 0.5));
  CHECK(near(rate(LrScheduler::cosine, 0, 8, 12), 0.25));
  CHECK(near(rate(LrScheduler::cosine, 4, 6, 12), (1.0 + std::sqrt(2.0) / 2.0) / 2.0));
  CHECK(near(rate(LrScheduler::cosine, 4, 12, 12), 0.0));
  CHECK(near(rate(LrScheduler::cosine, 4, 20, 12), 0.0));
}

TEST_CASE("lr schedule: inverse square root counts from the warm-up, or from 10,000 steps without one") {
  // sqrt(warmup / step) after a warm-up; sqrt(10000 / (step + 10000)) without.
  CHECK(near(rate(LrScheduler::inverse_sqrt, 100, 400, 1000), 0.5));
  CHECK(near(rate(LrScheduler::inverse_sqrt, 4, 64, 100), 0.25));
  CHECK(near(rate(LrScheduler::inverse_sqrt, 0, 30'000, 50'000), 0.5));
  CHECK(near(rate(LrScheduler::inverse_sqrt, 0, 5'625, 50'000), 0.8));
}

TEST_CASE("lr schedule: constant with warm-up stays at the peak") {
  CHECK(rate(LrScheduler::constant_with_warmup, 4, 5, 12) == 1.0);
  CHECK(rate(LrScheduler::constant_with_warmup, 4, 12, 12) == 1.0);
}

TEST_CASE("lr schedule: min_lr_ratio lifts what decays and nothing else") {
  for (const auto scheduler : {LrScheduler::linear, LrScheduler::cosine}) {
    TrainingSection lifted = training(scheduler, 4);
    lifted.min_lr_ratio = 0.5;
    CHECK(near(learning_rate_at(lifted, 2, 12), 0.5));  // warm-up
    CHECK(near(learning_rate_at(lifted, 4, 12), 1.0));
    CHECK(near(learning_rate_at(lifted, 8, 12), 0.75));  // halfway between 1 and 0.5
    CHECK(near(learning_rate_at(lifted, 12, 12), 0.5));
  }
  TrainingSection flat = training(LrScheduler::constant_with_warmup, 0);
  flat.min_lr_ratio = 0.5;
  CHECK(learning_rate_at(flat, 12, 12) == 1.0);
}

TEST_CASE("lr schedule: the rate scales with learning_rate") {
  TrainingSection scaled = training(LrScheduler::linear, 0);
  scaled.learning_rate = 2e-4;
  CHECK(near(learning_rate_at(scaled, 3, 12), 1.5e-4));
}

TEST_CASE("lr schedule: warm-up steps are given, or a share of the run rounded up") {
  TrainingSection section;
  section.warmup_ratio = 0.1;
  CHECK(num_warmup_steps(section, 100) == 10);
  CHECK(num_warmup_steps(section, 101) == 11);
  CHECK(num_warmup_steps(section, 1) == 1);
  section.warmup_ratio = 0.0;
  CHECK(num_warmup_steps(section, 100) == 0);
  section.warmup_ratio = 1.0;
  CHECK(num_warmup_steps(section, 100) == 100);
  section.warmup_steps = 7;
  CHECK(num_warmup_steps(section, 100) == 7);
}
