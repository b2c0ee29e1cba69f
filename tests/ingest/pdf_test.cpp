// PDFs: the reader's process, what it may do, and what hostile documents come to. Documents are made here, by hand.
#include "ingest/pdf.hpp"

#include <zlib.h>

#include <fstream>
#include <set>

#include "forgelm/core/error.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/json.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/ingest/ingest.hpp"
#include "ingest/page_text.hpp"
#include "support/shared_data.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

using namespace forgelm;
using namespace forgelm::ingest;

namespace {

/// A PDF of the objects given, object 1 being its catalog.
std::string pdf_of(const std::vector<std::string>& objects) {
  std::string out = "%PDF-1.7\n", table = "xref\n0 " + std::to_string(objects.size() + 1) + "\n0000000000 65535 f \n";
  for (std::size_t i = 0; i < objects.size(); ++i) {
    std::string offset = std::to_string(out.size());
    table += std::string(10 - offset.size(), '0') + offset + " 00000 n \n";
    out += std::to_string(i + 1) + " 0 obj\n" + objects[i] + "\nendobj\n";
  }
  const std::size_t start = out.size();
  return out + table + "trailer\n<< /Size " + std::to_string(objects.size() + 1) + " /Root 1 0 R >>\nstartxref\n" +
         std::to_string(start) + "\n%%EOF\n";
}

std::string stream(const std::string& bytes, const std::string& more = "") {
  return "<< /Length " + std::to_string(bytes.size()) + more + " >>\nstream\n" + bytes + "\nendstream";
}

std::string deflated(const std::string& bytes) {
  std::string out(::compressBound(bytes.size()), '\0');
  uLongf size = out.size();
  ::compress2(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size(),
              9);
  out.resize(size);
  return out;
}

/// Pages that show a text each; `content` of the last one instead, when it is given.
std::string pdf_with_pages(const std::vector<std::string>& texts, const std::string& content = "") {
  std::vector<std::string> objects = {"<< /Type /Catalog /Pages 2 0 R >>", "",
                                      "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"};
  std::string kids;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const std::size_t page = objects.size() + 1;
    kids += std::to_string(page) + " 0 R ";
    objects.push_back(
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Resources << /Font << /F 3 0 R >> >> /Contents " +
        std::to_string(page + 1) + " 0 R >>");
    const std::string shown = stream("BT /F 12 Tf 50 700 Td (" + texts[i] + ") Tj ET");
    objects.push_back(i + 1 == texts.size() && !content.empty() ? content : shown);
  }
  objects[1] = "<< /Type /Pages /Count " + std::to_string(texts.size()) + " /Kids [" + kids + "] >>";
  return pdf_of(objects);
}

class Files {
 public:
  std::filesystem::path write(const std::string& bytes) {
    const auto path = folder_ / "x.pdf";
    write_file_durably(path, bytes);
    return path;
  }

 private:
  test::TemporaryDirectory folder_{test::memory_directory()};
};

/// What is wrong with a document; "" when it is read.
std::string problem(const std::string& bytes) {
  Files files;
  try {
    read_pdf(files.write(bytes), std::nullopt);
  } catch (const RunError& error) {
    CHECK(error.kind() == RunErrorKind::data);
    return error.what();
  }
  return "";
}

bool mentions(const std::string& message, std::string_view words) { return message.find(words) != std::string::npos; }

}  // namespace

TEST_CASE("pages of a PDF are read by a process of their own") {
  if (!reads_pdf()) FORGELM_SKIP("this build reads no PDFs");
  Files files;
  const auto path = files.write(pdf_with_pages({"First page", "Second page", "Third page"}));
  const PdfPages all = read_pdf(path, std::nullopt);
  REQUIRE(all.pages.size() == 3);
  CHECK(all.pages[0].page == 1);
  CHECK(all.pages[0].text == "First page");
  CHECK(all.pages[2].text == "Third page");
  CHECK_FALSE(all.has_columns);
  const PdfPages some = read_pdf(path, std::pair(2, 9));
  REQUIRE(some.pages.size() == 2);
  CHECK(some.pages[0].page == 2);
  CHECK_THROWS_AS(read_pdf(path, std::pair(4, 5)), ConfigError);
  CHECK_THROWS_AS(read_pdf("/nonexistent/x.pdf", std::nullopt), RunError);
}

TEST_CASE("rows of a PDF know their pages, and lines that head all of them are gone") {
  if (!reads_pdf()) FORGELM_SKIP("this build reads no PDFs");
  Files files;
  const auto page = [](const std::string& words) { return "Annual Report) Tj 0 -40 Td (" + words; };
  const auto path = files.write(pdf_with_pages({page("alpha"), page("beta"), page("gamma"), page("delta")}));
  IngestOptions options;
  options.input = path;
  options.output = path.parent_path() / "rows.jsonl";
  options.with_metadata = true;
  options.chunk_size = 1;
  options.page_range = std::pair(2, 4);
  const IngestResult result = ingest::ingest(options);
  CHECK(result.document.at("pdf_header_footer_lines_stripped").integer() == 3);
  const std::string rows = read_file(options.output);
  CHECK(rows.find(R"({"text": "beta", "metadata": {"source": "x.pdf", "page": 2, "digest")") == 0);
  CHECK(rows.find(R"({"text": "delta", "metadata": {"source": "x.pdf", "page": 4, "digest")") != std::string::npos);
  CHECK(rows.find("Annual") == std::string::npos);
  CHECK(rows.find("alpha") == std::string::npos);
}

TEST_CASE("two columns are noticed") {
  if (!reads_pdf()) FORGELM_SKIP("this build reads no PDFs");
  Files files;
  const std::string columns = stream(
      "BT /F 12 Tf 50 700 Td (left one) Tj 0 -20 Td (left two) Tj 300 20 Td (right one) Tj "
      "0 -20 Td (right two) Tj ET");
  CHECK(read_pdf(files.write(pdf_with_pages({""}, columns)), std::nullopt).has_columns);
}

TEST_CASE("hostile PDFs end at a limit or as damaged, and never take forgelm with them") {
  if (!reads_pdf()) FORGELM_SKIP("this build reads no PDFs");
  CHECK(mentions(problem(""), "no PDF"));
  CHECK(mentions(problem("%PDF-1.7\n" + std::string(100'000, '[')), "no PDF"));
  // A stream that unpacks to 300 MB of operators, through two filters.
  std::string operators;
  for (int i = 0; i < 100'000; ++i) operators += "q q q q q q q q ";
  std::string big;
  while (big.size() < (std::size_t{60} << 20)) big += operators;
  const std::string bomb = stream(deflated(deflated(big)), " /Filter [/FlateDecode /FlateDecode]");
  CHECK(mentions(problem(pdf_with_pages({"x"}, bomb)), "256.0 MiB of memory"));
  // A page tree that is its own child, and one of more pages than there may be.
  const std::string loop =
      pdf_of({"<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Count 5 /Kids [2 0 R 2 0 R] >>"});
  CHECK(problem(loop).size() < 200);
  const std::string many = pdf_of({"<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Count 50000 /Kids [3 0 R] >>",
                                   "<< /Type /Page /Parent 2 0 R >>"});
  CHECK(mentions(problem(many), "more than 20000 pages"));
  // A page that takes its time, many times over, in a few kilobytes.
  std::string shown = "BT /F 12 Tf 50 700 Td ";
  for (int i = 0; i < 20'000; ++i) shown += "(abc) Tj 0 -1 Td ";
  std::string kids;
  for (int i = 0; i < 5'000; ++i) kids += "3 0 R ";
  const std::string slow = pdf_of(
      {"<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Count 5000 /Kids [" + kids + "] >>",
       "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Resources << /Font << /F 4 0 R >> >> /Contents 5 0 R >>",
       "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
       stream(deflated(shown + "ET"), " /Filter /FlateDecode")});
  CHECK(slow.size() < 40'000);
  CHECK(mentions(problem(slow), "8000 ms of processor time for each MiB"));
  // A form that draws itself.
  CHECK_FALSE(
      problem(pdf_of({"<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
                      "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Resources << /XObject << /X 4 0 R >> >> "
                      "/Contents 5 0 R >>",
                      stream("/X Do /X Do",
                             " /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X 4 0 R >> >>"),
                      stream("/X Do")}))
          .empty());
}

TEST_CASE("shared documents: PDFs hold the words that pypdf reads") {
  const auto folder = test::shared_data("datasets/documents");
  if (folder.empty()) FORGELM_SKIP("the shared documents are not on this machine");
  if (!reads_pdf()) FORGELM_SKIP("this build reads no PDFs");
  const auto words_of = [](const std::string& text) {
    std::set<std::string> words;
    std::string word;
    for (const char c : text + " ") {
      if (c >= '0' && ascii_lower(c) <= 'z' && (is_ascii_digit(c) || ascii_lower(c) >= 'a')) word += c;
      else if (word.size() > 3) words.insert(std::exchange(word, {}));
      else word.clear();
    }
    return words;
  };
  std::ifstream in(folder / "reference_text.jsonl");
  int num_documents = 0;
  std::size_t num_words = 0, num_found = 0;
  for (std::string line; std::getline(in, line);) {
    const Json reference = parse_json(line).value();
    if (reference.at("tool").text().rfind("pypdf", 0) != 0 || reference.at("encrypted").boolean()) continue;
    INFO(reference.at("file").text());
    std::string ours, theirs;
    for (const PageText& page : read_pdf(folder / reference.at("file").text(), std::nullopt).pages)
      ours += page.text + "\n";
    for (const Json& page : reference.at("text").items()) theirs += page.text() + "\n";
    const auto our_words = words_of(ours);
    for (const std::string& word : words_of(theirs)) {
      ++num_words;
      num_found += our_words.count(word);
    }
    ++num_documents;
  }
  CHECK(num_documents >= 15);
  CHECK(num_words > 700);
  CHECK(static_cast<double>(num_found) > 0.97 * static_cast<double>(num_words));
}
