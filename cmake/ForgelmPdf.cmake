# Reading PDFs: the program forgelm_pdf_text from src/pdf_text, run by libforgelm.so as a process of its own, built against the PDFium
# library that tools/pdfium finds (FORGELM_PDFIUM or the pinned wheel of pypdfium2, fetched once per machine). Sets FORGELM_HAS_PDF: with
# FORGELM_PDF=AUTO a build goes on without when there is no PDFium, with ON it stops.
include(ForgelmWheels)
forgelm_optional_part(PDF pdfium PDFium "read PDFs")
if(NOT FORGELM_HAS_PDF)
  return()
endif()
message(STATUS "PDFium: ${forgelm_pdfium}")

add_library(forgelm_libpdfium SHARED IMPORTED GLOBAL)
set_target_properties(forgelm_libpdfium PROPERTIES IMPORTED_LOCATION "${forgelm_pdfium}/libpdfium.so" IMPORTED_NO_SONAME ON)
add_executable(forgelm_pdf_text pdf_text/main.cpp pdf_text/sandbox.cpp)
target_link_libraries(forgelm_pdf_text PRIVATE forgelm_libpdfium)
target_include_directories(forgelm_pdf_text PRIVATE "${PROJECT_SOURCE_DIR}/include")
target_compile_definitions(forgelm_pdf_text PRIVATE FORGELM_VERSION="${PROJECT_VERSION}")
forgelm_warnings(forgelm_pdf_text)  # no sanitizers: their shadow memory does not go with a limit on the address space
set_target_properties(forgelm_pdf_text PROPERTIES
  RUNTIME_OUTPUT_DIRECTORY "${CMAKE_LIBRARY_OUTPUT_DIRECTORY}"  # beside libforgelm.so, which starts it
  INSTALL_RPATH "$ORIGIN;${forgelm_pdfium}")
