-- SPDX-License-Identifier: GPL-3.0-or-later
-- Least rights for sms_reset_package: SMS 2003 on SQL Server 2000 (and MSDE). Run as a member of
-- sysadmin, with osql or the Query Analyzer, on the owning site's database server.
-- Put in your own: SMS_CEN (the site database), sms_repair, and a password. This login is for people: give its password
-- to no monitoring server. Changing the database is not supported by Microsoft: have a backup first.

USE SMS_CEN
GO

EXEC sp_addlogin 'sms_repair', 'CHANGE-THIS', 'SMS_CEN'
EXEC sp_grantdbaccess 'sms_repair'
GO

-- Or Windows accounts instead, by a group of administrators; then 'CORP\SMS repair' for sms_repair below:
-- EXEC sp_grantlogin 'CORP\SMS repair'
-- EXEC sp_grantdbaccess 'CORP\SMS repair'
-- GO

EXEC sp_addrolemember 'smsschm_users', 'sms_repair'
GO

GRANT SELECT ON SMSPackages TO sms_repair
GRANT SELECT ON PkgStatus TO sms_repair
-- The two columns that the repair sets, and no others.
GRANT UPDATE ON PkgStatus (Status, SourceVersion) TO sms_repair
GO

-- To take it all back:
-- EXEC sp_revokedbaccess 'sms_repair'
-- EXEC sp_droplogin 'sms_repair'
