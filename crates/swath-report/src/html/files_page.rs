//! The flat list of files.

use super::layout::{Place, page};
use super::rows;
use super::site::Site;
use super::tree::worst_first;
use crate::natural_order::NaturalKey;

pub(super) fn render(site: &Site<'_>) -> String {
    let mut order: Vec<usize> = (0..site.pages.len()).collect();
    order.sort_by_cached_key(|&index| {
        let file = site.pages[index].file;
        (worst_first(&file.numbers), NaturalKey::new(&file.name))
    });
    let mut main = String::from("<h1>Files</h1>\n");
    rows::push_head(&mut main, site, "flat", "File");
    for index in order {
        let page = &site.pages[index];
        rows::push_file(&mut main, site, page, &page.file.name, None, "");
    }
    rows::push_end(&mut main);
    page(site, Place::Files, "Files", &main)
}
