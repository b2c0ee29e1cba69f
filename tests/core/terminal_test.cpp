#include "forgelm/core/terminal.hpp"

#include "support/test.hpp"

using namespace forgelm;

TEST_CASE("terminal: colour follows the choice, then NO_COLOR, CLICOLOR_FORCE and TERM, then the terminal") {
  using Text = std::optional<std::string>;
  const Text unset;
  const Text xterm = "xterm-256color";
  struct Case {
    const char* what;
    ColorChoice choice;
    bool is_terminal;
    Text no_color, clicolor_force, term;
    bool expected;
  };
  const Case cases[] = {
      {"a terminal", ColorChoice::auto_, true, unset, unset, xterm, true},
      {"a pipe", ColorChoice::auto_, false, unset, unset, xterm, false},
      {"NO_COLOR", ColorChoice::auto_, true, "1", unset, xterm, false},
      {"NO_COLOR with any value", ColorChoice::auto_, true, "0", unset, xterm, false},
      {"NO_COLOR empty", ColorChoice::auto_, true, "", unset, xterm, true},
      {"forced into a pipe", ColorChoice::auto_, false, unset, "1", xterm, true},
      {"forced with 0", ColorChoice::auto_, false, unset, "0", xterm, false},
      {"forced with nothing", ColorChoice::auto_, false, unset, "", xterm, false},
      {"forced 0 on a terminal", ColorChoice::auto_, true, unset, "0", xterm, true},
      {"NO_COLOR against force", ColorChoice::auto_, true, "1", "1", xterm, false},
      {"dumb terminal", ColorChoice::auto_, true, unset, unset, "dumb", false},
      {"dumb terminal, forced", ColorChoice::auto_, true, unset, "1", "dumb", true},
      {"terminal without TERM", ColorChoice::auto_, true, unset, unset, unset, false},
      {"terminal with empty TERM", ColorChoice::auto_, true, unset, unset, "", false},
      {"always, into a pipe", ColorChoice::always, false, unset, unset, xterm, true},
      {"always, against NO_COLOR", ColorChoice::always, false, "1", unset, "dumb", true},
      {"never, on a terminal", ColorChoice::never, true, unset, unset, xterm, false},
      {"never, against force", ColorChoice::never, true, unset, "1", xterm, false},
  };
  for (const Case& each : cases) {
    INFO(each.what);
    REQUIRE(wants_color({each.choice, each.is_terminal, each.no_color, each.clicolor_force, each.term}) ==
            each.expected);
  }
}

TEST_CASE("terminal: an explicit choice holds for stdout and stderr and can be taken back") {
  set_color_choice(ColorChoice::always);
  REQUIRE(color_enabled(1));
  REQUIRE(color_enabled(2));
  REQUIRE_FALSE(color_enabled(5));
  set_color_choice(ColorChoice::never);
  REQUIRE_FALSE(color_enabled(2));
  set_color_choice(ColorChoice::auto_);
}

TEST_CASE("terminal: width counts columns, not bytes") {
  REQUIRE(display_width("abc") == 3);
  REQUIRE(display_width("Z\xc3\xbcrich") == 6);
  REQUIRE(display_width("\xe6\x9d\xb1\xe4\xba\xac") == 4);  // two wide ideographs
  REQUIRE(display_width("e\xcc\x81") == 1);                 // e and a combining acute
  REQUIRE(display_width("\xf0\x9f\x9a\x80") == 2);          // an emoji
  REQUIRE(fit_width("\xe6\x9d\xb1\xe4\xba\xac", 3) == "\xe6\x9d\xb1");
  REQUIRE(fit_width("abc", 3) == "abc");
  REQUIRE(fit_width("abc", 2) == "ab");
  REQUIRE(fit_width("abc", 0).empty());
}
