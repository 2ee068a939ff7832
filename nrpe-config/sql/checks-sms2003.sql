-- SPDX-License-Identifier: GPL-3.0-or-later
-- Least rights for the checks: SMS 2003 on SQL Server 2000 (and MSDE). Run as a member of sysadmin, with osql or the
-- Query Analyzer, on the owning site's database server.
-- Put in your own: SMS_CEN (the site database), sms_check, and a password.

USE SMS_CEN
GO

-- A SQL login; the server must allow them (mixed mode).
EXEC sp_addlogin 'sms_check', 'CHANGE-THIS', 'SMS_CEN'
EXEC sp_grantdbaccess 'sms_check'
GO

-- Or a Windows account instead, then 'CORP\svc_monitor' for sms_check below:
-- EXEC sp_grantlogin 'CORP\svc_monitor'
-- EXEC sp_grantdbaccess 'CORP\svc_monitor'
-- GO

-- The product's own role for reading its views: v_Site, v_DistributionPoint, v_Package,
-- v_PackageStatusDistPointsSumm, v_PackageStatusRootSummarizer.
EXEC sp_addrolemember 'smsschm_users', 'sms_check'
GO

-- check_sms_packages also reads two tables, because no view has the versions of the sites.
GRANT SELECT ON PkgStatus TO sms_check
GRANT SELECT ON SMSPackages TO sms_check
GO

-- To take it all back:
-- EXEC sp_revokedbaccess 'sms_check'
-- EXEC sp_droplogin 'sms_check'
