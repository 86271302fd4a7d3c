use super::*;

#[test]
fn a_name_is_one_file_name() {
    for good in ["blue", "cni-1234", "a.b", "x_y"] {
        assert_eq!(Name::new(good).map(|name| name.as_str().to_owned()), Some(good.to_owned()));
    }
    for bad in ["", ".", "..", "a/b", "../etc", "a b", "a\nb", "ü", &"x".repeat(256)] {
        assert_eq!(Name::new(bad), None, "{bad:?}");
    }
}

#[test]
fn in_ones_own_namespace_work_is_done_on_the_same_thread() {
    let here = std::thread::current().id();
    assert_eq!(Namespace::Own.within(|| std::thread::current().id()).unwrap(), here);
}

#[test]
fn a_namespace_that_is_not_there_is_an_error_with_its_name() {
    let nowhere = Namespace::Named(Name::new("driftline-nowhere").unwrap());
    let error = nowhere.within(|| ()).unwrap_err();
    assert_eq!(error.source.kind(), io::ErrorKind::NotFound);
    assert!(error.to_string().contains("`driftline-nowhere`"), "{error}");
    assert_eq!(nowhere.identity().unwrap_err().source.kind(), io::ErrorKind::NotFound);
}

#[test]
fn ones_own_namespace_has_an_identity() {
    assert_eq!(Namespace::Own.identity().unwrap(), Namespace::Own.identity().unwrap());
}
