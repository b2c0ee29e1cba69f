// What the reader of PDFs may say, and what comes of what it may not: as if a document had taken it over.
#include "ingest/pdf_report.hpp"

#include "forgelm/core/error.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/core/version.hpp"
#include "forgelm/pdf_text/protocol.hpp"
#include "support/test.hpp"

using namespace forgelm;
using namespace forgelm::ingest;

namespace {

PdfPages read(const std::string& said, std::optional<std::pair<int, int>> range = std::nullopt, std::size_t piece = 3) {
  std::size_t at = 0;
  const auto more = [&](std::string& buffer) {
    if (at == said.size()) throw RunError(RunErrorKind::data, "it ended");
    buffer.append(said, at, piece);
    at = std::min(at + piece, said.size());
  };
  return read_report(more, range, "x.pdf");
}

std::string greeting() { return cat(pdf_text::kGreeting, version(), "\n"); }

std::string problem(const std::string& said) {
  try {
    read(greeting() + said);
  } catch (const RunError& error) {
    CHECK(error.kind() == RunErrorKind::data);
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a report is read whatever the pieces are in which it comes") {
  const std::string said = greeting() + "pages 4\npage 1 3\na\nbunreadable 2\npage 4 2\n\xC3\xA4" + "columns\nend\n";
  for (const std::size_t piece : {1, 2, 7, 1000}) {
    const PdfPages pages = read(said, std::nullopt, piece);
    REQUIRE(pages.pages.size() == 2);
    CHECK(pages.pages[0].text == "a\nb");
    CHECK(pages.pages[1].page == 4);
    CHECK(pages.pages[1].text == "\xC3\xA4");
    CHECK(pages.unreadable == std::vector<int>{2});
    CHECK(pages.has_columns);
  }
  CHECK(read(greeting() + "pages 1\npage 1 2\n\xFFxend\n").pages[0].text == "\xEF\xBF\xBDx");
  CHECK_THROWS_AS(read(greeting() + "pages 4\nend\n", std::pair(5, 6)), ConfigError);
}

TEST_CASE("a reader that was taken over cannot say more than there may be") {
  constexpr const char* kNonsense = "cannot be understood";
  for (const char* const said :
       {"pages 2\npage 2 0\npage 2 0\n", "pages 2\npage 3 0\n", "pages 2\npage 0 0\n",
        "pages 2\npage 2 0\nunreadable 1\n", "pages 99999999\npage 20001 0\n", "pages 2\ncolumns\ncolumns\n",
        "pages 2\npages 2\n", "pages x\n", "pages 1 2\n", "pages 1\npage 1\n", "pages 1\npage 1 -1\n",
        "pages 1\npage 1  1\n", "pages 1\npage 1 99999999999999999999999\n", "hello\n", "\n"})
    CHECK(problem(said).find(kNonsense) != std::string::npos);
  CHECK(problem(std::string(1000, 'x')).find(kNonsense) != std::string::npos);
  CHECK(problem("pages 1\npage 1 18446744073709551615\n").find("more than 48.0 MiB of text") != std::string::npos);
  CHECK(problem("pages 2\npage 1 1\nxpage 2 50331648\n").find("more than 48.0 MiB of text") != std::string::npos);
  CHECK(problem("pages 2\npage 1 5\nabc") == "it ended");
}

TEST_CASE("a reader says which limit a document exceeds") {
  CHECK(problem("limit time\n").find("1500 ms of processor time") != std::string::npos);
  CHECK(problem("pages 9\nlimit work\n").find("8000 ms of processor time for each MiB") != std::string::npos);
  CHECK(problem("pages 30000\nlimit pages\n").find("more than 20000 pages") != std::string::npos);
  CHECK(problem("error password\n").find("encrypted") != std::string::npos);
  CHECK(problem("error format\n").find("no PDF") != std::string::npos);
  CHECK_THROWS_WITH(read("forgelm-pdf-text 0.0.0-other\n"),
                    cat("forgelm_pdf_text is not of this forgelm, ", version()));
}
