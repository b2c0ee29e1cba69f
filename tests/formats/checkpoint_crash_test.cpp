// Checkpoints under kills and failing disks. First the passages of every failpoint are counted, then each of them is
// made to kill, or to fail with ENOSPC or EIO once or from then on. Afterwards the last good checkpoint is there,
// another try works, and the next writer leaves no garbage.
#include <sys/resource.h>

#include <cerrno>
#include <csignal>
#include <functional>

#include "forgelm/core/error.hpp"
#include "forgelm/core/hash.hpp"
#include "forgelm/core/log.hpp"
#include "forgelm/core/text.hpp"
#include "formats/checkpoint_support.hpp"
#include "support/subprocess.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

using namespace forgelm;
using namespace forgelm::formats;
using namespace forgelm::test;
namespace fs = std::filesystem;

namespace {

bool is_one_of(const std::string& value, std::initializer_list<const char*> allowed) {
  for (const char* each : allowed)
    if (value == each) return true;
  return false;
}

/// The archive holds against its sums, in the format of sha256sum.
bool is_packed(const fs::path& run, const std::string& name) {
  const auto sums = read_file_if_exists(run / (name + ".sha256"));
  return sums && fs::exists(run / name) && *sums == sha256_file(run / name) + "  " + name + "\n";
}

struct Operation {
  const char* name;
  std::vector<std::pair<std::int64_t, const char*>> before;  ///< checkpoints that are there
  std::function<void(const fs::path&)> act;
  std::function<bool(const fs::path&)> holds;  ///< whatever happened
  std::function<bool(const fs::path&)> is_done;
  bool can_exchange = true;
};

std::vector<Operation> operations() {
  const auto content = [](const fs::path& run, int step) { return content_of(run / cat("checkpoint-", step)); };
  const auto save_two = [](const fs::path& run) { save(run, 2, "new"); };
  const auto two_is_new = [=](const fs::path& run) { return content(run, 2) == "new"; };
  const auto keeps_both = [=](const fs::path& run) {
    return steps_in(run) == Steps{1, 2} && content(run, 1) == "one" && is_one_of(content(run, 2), {"old", "new"});
  };
  const auto packed = [](const fs::path& run) {
    return !fs::exists(run / "checkpoint-1") && is_packed(run, "checkpoint-1.tar.gz");
  };
  return {
      {"the first",
       {},
       save_two,
       [=](const fs::path& run) {
         return is_one_of(content(run, 2), {"", "new"});
       },
       two_is_new},
      {"another",
       {{1, "one"}},
       save_two,
       [=](const fs::path& run) {
         return content(run, 1) == "one" && is_one_of(content(run, 2), {"", "new"});
       },
       two_is_new},
      {"in place of one", {{1, "one"}, {2, "old"}}, save_two, keeps_both, two_is_new},
      {"in place of one, without exchange", {{1, "one"}, {2, "old"}}, save_two, keeps_both, two_is_new, false},
      {"removing",
       {{1, "one"}, {2, "two"}},
       [](const fs::path& run) {
         if (fs::exists(run / "checkpoint-1")) remove_checkpoint(run / "checkpoint-1");
       },
       [=](const fs::path& run) {
         return content(run, 2) == "two" && is_one_of(content(run, 1), {"", "one"});
       },
       [](const fs::path& run) { return !fs::exists(run / "checkpoint-1"); }},
      {"packing",
       {{1, "one"}, {2, "two"}},
       [](const fs::path& run) {
         if (fs::exists(run / "checkpoint-1")) compress_checkpoint(run / "checkpoint-1");
       },
       [=](const fs::path& run) { return content(run, 2) == "two" && (content(run, 1) == "one" || packed(run)); },
       packed},
  };
}

struct Fault {
  const char* name;
  failpoint::Action action;
  int error_number;
  bool keeps_firing;
};

constexpr Fault kFaults[] = {
    {"kill", failpoint::Action::kill, 0, false},   {"ENOSPC", failpoint::Action::error, ENOSPC, false},
    {"EIO", failpoint::Action::error, EIO, false}, {"ENOSPC+", failpoint::Action::error, ENOSPC, true},
    {"EIO+", failpoint::Action::error, EIO, true},
};

/// File systems that cannot exchange, when `operation` is to run on such a one.
void prepare(const Operation& operation) {
  if (!operation.can_exchange) failpoint::arm("directory.exchange", failpoint::Action::error, EINVAL, 1, true);
}

/// 0: done. 7: failed with the error that was to be expected. 8: with another.
int act_under(const Operation& operation, const Fault& fault, std::string_view name, int nth, const fs::path& run) {
  prepare(operation);
  failpoint::arm(name, fault.action, fault.error_number, nth, fault.keeps_firing);
  try {
    operation.act(run);
  } catch (const RunError& error) {
    const auto expected = fault.error_number == ENOSPC ? RunErrorKind::out_of_disk : RunErrorKind::io;
    return error.kind() == expected ? 7 : 8;
  }
  return 0;
}

void try_fault(const Operation& operation, const Fault& fault, std::string_view name, int nth) {
  INFO(operation.name << ": " << name << "=" << fault.name << "@" << nth);
  const TemporaryDirectory run(memory_directory());
  for (const auto& [step, content] : operation.before) save(run.path(), step, content);
  const auto end = run_in_child([&] {
    set_log_level(LogLevel::ERROR);
    return act_under(operation, fault, name, nth, run.path());
  });
  if (fault.action == failpoint::Action::kill) CHECK(end.was_killed);
  else CHECK((end.exit_code == 0 || end.exit_code == 7));
  if (end.exit_code == 0) CHECK(operation.is_done(run.path()));
  CHECK(operation.holds(run.path()));
  operation.act(run.path());  // again
  CHECK(operation.is_done(run.path()));
  save(run.path(), 50, "next");
  CHECK(hidden_in(run.path()).empty());
  CHECK(newest_checkpoint(run.path()).value().step == 50);
}

}  // namespace

TEST_CASE("checkpoint_crash: killed or failing at any step, the last good checkpoint stays and a later try works") {
  const DisarmAtEnd disarm;
  std::set<std::string_view> reached;
  std::size_t num_kills = 0;
  for (const Operation& operation : operations()) {
    std::vector<std::pair<std::string_view, int>> passages;
    {
      const TemporaryDirectory run(memory_directory());
      for (const auto& [step, content] : operation.before) save(run.path(), step, content);
      prepare(operation);
      failpoint::count_passages(true);
      operation.act(run.path());
      for (const auto name : failpoint::names())
        if (name != "directory.exchange" || operation.can_exchange)
          passages.emplace_back(name, static_cast<int>(failpoint::num_passages(name)));
      failpoint::disarm_all();
    }
    for (const auto& [name, num_passages] : passages) {
      if (num_passages > 0) reached.insert(name);
      for (int nth = 1; nth <= num_passages; ++nth)
        for (const Fault& fault : kFaults) try_fault(operation, fault, name, nth);
      num_kills += static_cast<std::size_t>(num_passages);
    }
  }
  for (const char* group : {"checkpoint.", "directory.", "durable."})
    for (const auto name : failpoint::names(group)) {
      INFO(name);
      CHECK(reached.count(name) == 1);
    }
  CHECK(num_kills > 100);
}

TEST_CASE("checkpoint_crash: a reader in the moment in which a replaced checkpoint has no name finds it") {
  const DisarmAtEnd disarm;
  const TemporaryDirectory run;
  save(run.path(), 2, "old");
  const auto end = run_in_child([&] {
    failpoint::arm("directory.exchange", failpoint::Action::error, EINVAL);
    failpoint::arm("directory.rename", failpoint::Action::kill, 0, 1);
    save(run.path(), 2, "new");
    return 0;
  });
  REQUIRE(end.was_killed);
  REQUIRE_FALSE(fs::exists(run / "checkpoint-2"));  // the moment that is meant
  CHECK(newest_checkpoint(run.path()).value().about == Json::object({{"content", "old"}}));
  CHECK(content_of(run / "checkpoint-2") == "old");
}

TEST_CASE(
    "checkpoint_crash: the folder of a writer that lives is left alone, one of a dead process of our number not") {
  const TemporaryDirectory run;
  const CheckpointWriter living(run.path(), 4);
  write_file_durably(living.staging() / "file", "x");
  std::string name = living.staging().filename().native();
  name.replace(name.find('-', 12) + 1, 8, "00000000");  // the token: another life of this process number
  fs::create_directory(run / name);
  fs::create_directory(run / ".checkpoint-4.staging");  // not our form of name
  save(run.path(), 5, "five");
  CHECK(fs::exists(living.staging() / "file"));
  CHECK(hidden_in(run.path()) == std::set<std::string>{living.staging().filename().native(), ".checkpoint-4.staging"});
  CHECK(run_in_child([&] {
          save(run.path(), 6, "six");
          return 0;
        }).exit_code == 0);
  CHECK(fs::exists(living.staging() / "file"));
  CHECK(steps_in(run.path()) == Steps{5, 6});
}

TEST_CASE("checkpoint_crash: a file of the system's own limit is a failure like any other") {
  const TemporaryDirectory run;
  save(run.path(), 1, "one");
  const auto end = run_in_child([&] {  // the system itself takes a part of the weights and refuses the rest
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{1000, 1000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    try {
      save(run.path(), 2, "two");
    } catch (const RunError& error) {
      return error.kind() == RunErrorKind::io ? 7 : 8;
    }
    return 0;
  });
  CHECK(end.exit_code == 7);
  CHECK(names_in(run.path()) == std::set<std::string>{"checkpoint-1"});
  CHECK(content_of(run / "checkpoint-1") == "one");
}
